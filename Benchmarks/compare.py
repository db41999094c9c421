#!/usr/bin/env python3
"""Times Bezoar and PyTorch (and faiss, and a C loop) alternately and prints the ratios of medians.

    python3 Benchmarks/compare.py [--pairs 5] [--cases train-w16,embed-w32] [--isa avx2]
    python3 Benchmarks/compare.py --device cuda --precision bfloat16

Needs `swift build -c release --package-path Benchmarks` and a Python with torch (and faiss-cpu for
k-means) in BEZOAR_TEST_PYTHON. For every case, ours and each of PyTorch's layouts run in turn, each as
a process of its own with two threads; the best layout counts, for embedding also one with batch norm
folded. With --device both run on an accelerator, ours through a PJRT plugin, PyTorch compiled and channels
last, bfloat16 by autocast; the cases then are ResNet-18 at a batch of 512 and AdvCL with it.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent
BENCH = ROOT / ".build/release/bench"
PYTHON = os.environ.get("BEZOAR_TEST_PYTHON", "python3")
CASES = {
    "train-w16": 1.6, "train-w32": 1.6, "train-r20": 1.5, "train-r18": 1.3, "train-vit": 1.2,
    "embed-w16": 1.5, "embed-w32": 1.4, "embed-r20": 1.3, "embed-r18": 1.2,
    "advcl-w16": 2.5, "advcl-w32": 2.5, "embed-r18-224": 1.1, "k-means": 1.0,
}
ACCELERATED = {"train-b512": 1.0, "embed-b512": 1.0, "advcl-b512": 1.5}


def rate(command, environment):
    """Runs a command whose last line is {"rate": ...}."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed: {done.stderr.strip()}\n"
                 "BEZOAR_TEST_PYTHON must name a Python with torch, numpy and, for k-means, faiss-cpu")
    return json.loads(done.stdout.strip().splitlines()[-1])["rate"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--cases")
    parser.add_argument("--device", default="cpu", help="cuda, rocm, or pjrt:PATH (PyTorch then stays on the CPU)")
    parser.add_argument("--precision", default="float32", choices=["float32", "tf32", "bfloat16"])
    parser.add_argument("--isa", choices=["avx2"], help="hold both to this instruction set")
    options = parser.parse_args()
    environment = dict(os.environ, OMP_NUM_THREADS="2", MKL_NUM_THREADS="2")
    if options.isa:
        environment.update(
            ONEDNN_MAX_CPU_ISA="AVX2", ATEN_CPU_CAPABILITY="avx2", MKL_ENABLE_INSTRUCTIONS="AVX2", OPENBLAS_CORETYPE="Haswell")
    cases = CASES if options.device == "cpu" else ACCELERATED
    flags = [] if options.device == "cpu" else ["--device", options.device, "--precision", options.precision]
    peer_flags = ["cuda" if options.device in ("cuda", "rocm") else "cpu", options.precision] if flags else []
    print(f"{'case':16} {'ours':>10} {'peer':>10} {'ratio':>6} {'goal':>6}")
    for case in (options.cases or ",".join(cases)).split(","):
        layouts = {"train": ["last", "first"], "embed": ["last", "first", "folded"]}.get(case[:5], ["last"])
        if flags:
            layouts = ["last"]
        ours, peers = [], {layout: [] for layout in layouts}
        for _ in range(options.pairs):
            ours.append(rate([BENCH, case, "--json"] + (["--avx2"] if options.isa else []) + flags, environment))
            for layout in layouts:
                peers[layout].append(rate([PYTHON, ROOT / "peers/steps.py", case, layout] + peer_flags, environment))
        mine = statistics.median(ours)
        peer = max(statistics.median(values) for values in peers.values())
        print(f"{case:16} {mine:10.2f} {peer:10.2f} {mine / peer:6.2f} {(CASES | ACCELERATED)[case]:6.2f}", flush=True)


if __name__ == "__main__":
    main()
