#!/usr/bin/env python3
"""Kills an audit with SIGKILL at random moments and resumes it; the result must be that of a run left alone.

    python3 Benchmarks/Faults/kill.py [--kills 200] [--seed 0] [--work FOLDER]

Plants a trigger in 600 Fashion-MNIST images and audits them with all stages. Every kill is at a random share of a whole run's
time; what was killed goes on with the same command, may be killed again, and is compared when it has ended.
"""
import argparse
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BEZOAR = os.environ.get("BEZOAR", os.path.join(ROOT, ".build/release/bezoar"))
FASHION = "/usr/share/datasets/fashion-mnist"
SETTINGS = [
    "network.width=8", "network.blocks=[1,1]", "scan.epochs=4", "scan.warmUpEpochs=0", "advcl.epochs=2",
    "search.flipImages=64", "filter.classifier.networks=1", "filter.classifier.iterations=40",
    "evaluation.robustImages=32", "minimumImages=100"]


def result(out):
    """What two runs have to have in common: the result outside `run`, and the files beside it."""
    with open(out + "/result.json") as file:
        whole = json.load(file)
    del whole["run"]
    files = {}
    for part in ["kept.txt", "suspects.csv", "manifest.sha256", "models/clean/model.safetensors"]:
        with open(out + "/" + part, "rb") as file:
            files[part] = file.read()
    return whole, files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", default="/tmp/bezoar-kills")
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    shutil.rmtree(arguments.work, ignore_errors=True)
    os.makedirs(arguments.work)
    planted = arguments.work + "/planted"
    name = FASHION + "/%s-%s-ubyte.gz"
    subprocess.run(
        [BEZOAR, "poison", name % ("train", "images-idx3"), "--labels", name % ("train", "labels-idx1"), "--limit",
         "600", "--rate", "1", "--out", planted, "--eval", name % ("t10k", "images-idx3"), "--eval-labels",
         name % ("t10k", "labels-idx1"), "--eval-limit", "100"], check=True, stdout=subprocess.DEVNULL)

    def command(out):
        return [BEZOAR, "audit", planted + "/dataset", "--out", out, "--threads", "2", "--progress", "none",
                "--ground-truth", planted + "/ground-truth.json", "--format", "html,csv,sarif",
                *[word for setting in SETTINGS for word in ("--set", setting)]]

    whole = arguments.work + "/whole"
    begin = time.time()
    subprocess.run(command(whole), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.time() - begin
    wanted = result(whole)
    kills = resumed = differing = 0
    stages = collections.Counter()
    while kills < arguments.kills:
        out = arguments.work + "/killed"
        shutil.rmtree(out, ignore_errors=True)
        while True:
            wait = draw.uniform(0, 1.1 * seconds) if kills < arguments.kills else 1000
            process = subprocess.Popen(command(out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                process.wait(timeout=wait)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
                done = [s for s in ["screen", "train", "search", "filter", "retrain", "evaluate"]
                        if os.path.exists("%s/state/time-%s.json" % (out, s))]
                stages[done[-1] if done else "inspect"] += 1
                continue
            if process.returncode != 1:
                raise SystemExit("exit code %d: %s" % (process.returncode, process.stderr.read().decode()))
            break
        resumed += 1
        if result(out) != wanted:
            differing += 1
            shutil.copytree(out, arguments.work + "/differs-%d" % differing)
        print("%d kills, %d results, %d differ" % (kills, resumed, differing), flush=True)
    print("killed after the stage", dict(stages))
    raise SystemExit(1 if differing else 0)


if __name__ == "__main__":
    main()
