#!/usr/bin/env python3
"""Every figure that wants an accelerator, in one command.

    BEZOAR_TEST_PYTHON=venv/bin/python python3 Benchmarks/accelerator.py --cifar FOLDER --out FOLDER \\
        [--device cuda] [--precision bfloat16] [--limit N] [--set NAME=VALUE ...] [--keep]

1. Training, embedding and AdvCL steps of ResNet-18 beside PyTorch (compare.py), where BEZOAR_TEST_PYTHON has torch.
2. The flip test: pasted images a second.
3. A whole audit of CIFAR-10 with the preset `paper` and 100 epochs of AdvCL: SSL-Backdoor planted in half of a class, scan training,
   search, filter, plain and AdvCL retraining, with the share of time that the GPU was busy in each stage (nvidia-smi, four
   times a second; a device without nvidia-smi is not sampled).

Needs `swift build -c release` and `swift build -c release --package-path Benchmarks`. CIFAR-10 is a folder of JPEG files in class folders
(train/ and test/). OUT/figures.json and OUT/audit hold what came of it; --keep copies the report to Reports/.
"""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEZOAR = os.environ.get("BEZOAR", str(ROOT / ".build/release/bezoar"))
BENCH = ROOT / "Benchmarks/.build/release/bench"


class Busy:
    """Samples how busy the GPU is, with the time of each sample."""

    def __init__(self):
        self.samples = []
        try:
            self.process = subprocess.Popen(
                ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", "250"],
                stdout=subprocess.PIPE, text=True)
        except OSError:
            self.process = None
            return
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            if line.strip().isdigit():
                self.samples.append((time.time(), int(line)))

    def end(self):
        if self.process:
            self.process.terminate()

    def mean(self, begin, end):
        """Percent between two times; None without samples."""
        own = [busy for at, busy in self.samples if begin <= at < end]
        return statistics.mean(own) if own else None


def run(command):
    print("$", " ".join(map(str, command)), flush=True)
    return subprocess.run(command).returncode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cifar", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--precision", default="bfloat16", choices=["float32", "tf32", "bfloat16"])
    parser.add_argument("--limit", type=int, default=50_000)
    parser.add_argument("--set", action="append", default=[], help="of the audit, after those of the preset")
    parser.add_argument("--cases", default="train-b512,embed-b512,advcl-b512")
    parser.add_argument("--flips", default="flips-b512")
    parser.add_argument("--keep", action="store_true", help="copy the report to Reports/")
    options = parser.parse_args()
    on = ["--device", options.device, "--precision", options.precision]
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    figures = {"device": options.device, "precision": options.precision}

    if subprocess.run([os.environ.get("BEZOAR_TEST_PYTHON", "python3"), "-c", "import torch"], capture_output=True).returncode == 0:
        run([sys.executable, ROOT / "Benchmarks/compare.py", "--cases", options.cases, *on])
    else:
        print("BEZOAR_TEST_PYTHON has no torch: steps are not compared")
    flips = subprocess.run([BENCH, options.flips, "--json", *on], capture_output=True, text=True)
    if flips.returncode or not flips.stdout.strip():
        sys.exit(f"the flip test failed: {flips.stderr}")
    figures["pasted images a second"] = json.loads(flips.stdout.splitlines()[-1])["rate"]
    print(f"flip test: {figures['pasted images a second']:.0f} pasted images/s")

    planted = out / "planted"
    if not (planted / "ground-truth.json").exists():
        if run([BEZOAR, "poison", options.cifar + "/train", "--labels", "folders", "--limit", str(options.limit), "--rate", "0.5",
                "--seed", "1", "--quality", "90", "--eval", options.cifar + "/test", "--out", planted]):
            sys.exit("nothing was planted")
    settings = [part for value in ["advcl.epochs=100", *options.set] for part in ("--set", value)]
    busy, begin = Busy(), time.time()
    code = run([BEZOAR, "audit", planted / "dataset", "--preset", "paper", "--seed", "1", "--ground-truth",
                planted / "ground-truth.json", "--out", out / "audit", *settings, *on])
    busy.end()
    if code not in (0, 1, 4):
        sys.exit(f"the audit ended with code {code}; the same command goes on")
    with open(out / "audit/result.json") as file:
        result = json.load(file)
    figures["audit seconds"] = time.time() - begin
    figures["verdict"] = result["verdict"]["value"]
    figures["ground truth"] = result["ground_truth"]
    figures["stages"] = {}
    at = begin
    for stage in result["run"]["stages"]:
        share = busy.mean(at, at + stage["seconds"])
        at += stage["seconds"]
        figures["stages"][stage["name"]] = {"seconds": stage["seconds"], "busy percent": share}
        print(f"{stage['name']:9} {stage['seconds']:8.1f} s, busy {'not measured' if share is None else f'{share:.0f} %'}")
    with open(out / "figures.json", "w") as file:
        json.dump(figures, file, indent=1)
    print(f"{figures['verdict']} in {figures['audit seconds']:.0f} s on {result['run']['device']}; {out}/figures.json")
    if options.keep:
        target = ROOT / "Reports" / f"{datetime.date.today()}-accelerator"
        for name in ["report.html", "result.json"]:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(out / "audit" / name, target)
        shutil.copytree(out / "audit/evidence", target / "evidence", dirs_exist_ok=True)
        shutil.copy(out / "figures.json", target)
        print(f"report kept in {target}")


if __name__ == "__main__":
    main()
