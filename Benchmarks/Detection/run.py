#!/usr/bin/env python3
"""Plants attacks in real datasets, audits them, and writes Benchmarks/DETECTION.md from the results.

    python3 Benchmarks/Detection/run.py --cifar FOLDER --work FOLDER [--preset screen,standard] [--seeds 1,2,3]
                                        [--only NAME ...] [--jobs N] [--table]

A run whose result is there is not repeated, so that the same command goes on where it stopped. Every audit
uses a preset's settings as they are; nothing is set for an attack. Triggers and target classes follow the
seed. CIFAR-10 is a folder of JPEG files in class folders (train/ and test/ below --cifar); Fashion-MNIST is
where Debian's dataset-fashion-mnist puts it.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BEZOAR = os.environ.get("BEZOAR", os.path.join(ROOT, ".build/release/bezoar"))
FASHION = "/usr/share/datasets/fashion-mnist"

PICTURES = os.path.join(ROOT, "Benchmarks/Detection/")

# Name, arguments of `bezoar poison`.
ATTACKS = [
    ("ssl-backdoor, random", ["--attack", "ssl-backdoor", "--rate", "0.5"]),
    ("ssl-backdoor, fixed", ["--attack", "ssl-backdoor", "--rate", "0.5", "--position", "fixed"]),
    ("ssl-backdoor, grid", ["--attack", "ssl-backdoor", "--rate", "0.5", "--position", "grid"]),
    ("ssl-backdoor, 8 pixels", ["--attack", "ssl-backdoor", "--rate", "0.5", "--size", "8"]),
    ("ssl-backdoor, 22 %", ["--attack", "ssl-backdoor", "--rate", "0.5", "--size", "7"]),
    ("ssl-backdoor, 5 pixels", ["--attack", "ssl-backdoor", "--rate", "0.5", "--size", "5"]),
    ("ssl-backdoor, 4 pixels", ["--attack", "ssl-backdoor", "--rate", "0.5", "--size", "4"]),
    ("ssl-backdoor, 3 pixels", ["--attack", "ssl-backdoor", "--rate", "0.5", "--size", "3"]),
    ("ssl-backdoor, JPEG 75", ["--attack", "ssl-backdoor", "--rate", "0.5", "--quality", "75"]),
    ("ssl-backdoor, rings", ["--attack", "ssl-backdoor", "--rate", "0.5", "--trigger", PICTURES + "rings.png"]),
    ("ssl-backdoor, cross", ["--attack", "ssl-backdoor", "--rate", "0.5", "--trigger", PICTURES + "cross.png"]),
    ("ssl-backdoor, red square", ["--attack", "ssl-backdoor", "--rate", "0.5", "--trigger", PICTURES + "red.png"]),
    ("ssl-backdoor, white square", ["--attack", "ssl-backdoor", "--rate", "0.5", "--trigger", PICTURES + "white.png"]),
    ("ssl-backdoor, grey patch", ["--attack", "ssl-backdoor", "--rate", "0.5", "--trigger", PICTURES + "grey.png"]),
    ("grey patch, 70 % opaque", ["--attack", "ssl-backdoor", "--rate", "0.5", "--trigger", PICTURES + "grey.png",
                                 "--strength", "0.7"]),
    ("ssl-backdoor, 70 % opaque", ["--attack", "ssl-backdoor", "--rate", "0.5", "--strength", "0.7"]),
    ("text", ["--attack", "text", "--rate", "0.5"]),
    ("natural", ["--attack", "natural", "--rate", "0.5"]),
    ("two triggers", ["--attack", "ssl-backdoor", "--rate", "0.5", "--triggers", "2"]),
    ("ssl-backdoor, 0.5 % of all", ["--attack", "ssl-backdoor", "--dataset-rate", "0.005"]),
    ("ssl-backdoor, 0.2 % of all", ["--attack", "ssl-backdoor", "--dataset-rate", "0.002"]),
    ("white square, 0.5 % of all", ["--attack", "ssl-backdoor", "--dataset-rate", "0.005", "--trigger",
                                    PICTURES + "white.png"]),
    ("grey patch, 0.5 % of all", ["--attack", "ssl-backdoor", "--dataset-rate", "0.005", "--trigger",
                                  PICTURES + "grey.png"]),
    ("text, 0.5 % of all", ["--attack", "text", "--dataset-rate", "0.005"]),
    ("grey patch, 1 % of all", ["--attack", "ssl-backdoor", "--dataset-rate", "0.01", "--trigger",
                                PICTURES + "grey.png"]),
    ("text, 1 % of all", ["--attack", "text", "--dataset-rate", "0.01"]),
    ("text, 2 % of all", ["--attack", "text", "--dataset-rate", "0.02"]),
    ("natural, 0.5 % of all", ["--attack", "natural", "--dataset-rate", "0.005"]),
    ("ctrl", ["--attack", "ctrl", "--rate", "0.5"]),
    ("collage", ["--attack", "collage", "--rate", "0.5"]),
    ("corrupt-encoder", ["--attack", "corrupt-encoder", "--rate", "0.5"]),
    ("blended", ["--attack", "blended", "--rate", "0.5"]),
    ("sig", ["--attack", "sig", "--rate", "0.5"]),
    ("warp", ["--attack", "warp", "--rate", "0.5"]),
    ("none", ["--attack", "none"]),
    ("ssl-backdoor, 800 images", ["--attack", "ssl-backdoor", "--rate", "0.5", "--limit", "800"]),
    ("text, 800 images", ["--attack", "text", "--rate", "0.5", "--limit", "800"]),
    ("ctrl, 800 images", ["--attack", "ctrl", "--rate", "0.5", "--limit", "800"]),
    ("none, 500 images", ["--attack", "none", "--limit", "500"]),
    ("none, 800 images", ["--attack", "none", "--limit", "800"]),
    ("none, 2,000 images", ["--attack", "none", "--limit", "2000"]),
]
DATASETS = ["fashion", "cifar"]
WRITING = threading.Lock()


def slug(*parts):
    return "-".join("".join(c if c.isalnum() else "-" for c in str(p)).strip("-") for p in parts).replace("--", "-")


def rows(arguments):
    if not os.path.exists(arguments.results):
        return []
    with WRITING, open(arguments.results) as file:
        return [json.loads(line) for line in file]


def run(arguments, dataset, attack, options, preset, seed):
    folder = os.path.join(arguments.work, slug(dataset, attack, preset, seed))
    if any((r["dataset"], r["attack"], r["preset"], r["seed"]) == (dataset, attack, preset, seed)
           for r in rows(arguments)):
        return
    shutil.rmtree(folder, ignore_errors=True)
    if dataset == "cifar":
        source = [arguments.cifar + "/train", "--labels", "folders"] + ([] if "--limit" in options else ["--limit", "10000"])
        source += [] if "--quality" in options else ["--quality", "90"]
        test = ["--eval", arguments.cifar + "/test", "--eval-limit", "2000"]
    else:
        name = FASHION + "/%s-%s-ubyte.gz"
        source = [name % ("train", "images-idx3"), "--labels", name % ("train", "labels-idx1")]
        source += [] if "--limit" in options else ["--limit", "6000"]
        test = ["--eval", name % ("t10k", "images-idx3"), "--eval-labels", name % ("t10k", "labels-idx1"),
                "--eval-limit", "2000"]
    threads = ["--threads", str(arguments.threads)]
    plant = [BEZOAR, "poison", *source, "--out", folder + "/planted", "--seed", str(seed), *options, *threads]
    if arguments.attack_success and preset != "screen" and not is_clean(attack):
        plant += test
    subprocess.run(plant, check=True, stdout=subprocess.DEVNULL)
    truth = folder + "/planted/ground-truth.json"
    audit = subprocess.run(
        [BEZOAR, "audit", folder + "/planted/dataset", "--out", folder + "/audit", "--preset", preset, "--seed",
         str(seed), "--retrain", "none", "--ground-truth", truth, "--progress", "none", "--quiet", *threads],
        capture_output=True, text=True)
    if not os.path.exists(folder + "/audit/result.json"):
        print(folder, audit.stderr, file=sys.stderr)
        return
    with open(folder + "/audit/result.json") as file:
        result = json.load(file)
    with open(truth) as file:
        planted = json.load(file)
    of = {p["path"]: p["trigger"] for p in planted["poisoned"]}
    found = set()
    for family in result["families"]:
        own = [of[m] for m in family["members"] if m in of]
        if 2 * len(own) > len(family["members"]):
            found.add(max(set(own), key=own.count))
    before = result["metrics"]["before"]
    canary = (result["verdict"]["power"] or {}).get("canary") or {}
    row = {
        "dataset": dataset, "attack": attack, "preset": preset, "seed": seed, "target": planted["target_class"],
        "verdict": result["verdict"]["value"], "images": result["dataset"]["decoded"],
        "poisons": len(planted["poisoned"]), "removed": result["counts"]["suspects"],
        "truth": result["ground_truth"], "triggers": len(planted["triggers"]), "families": len(result["families"]),
        "triggers_found": len(found), "found_by": sorted({d for f in result["families"] for d in f["found_by"]}),
        "gap": {"windows": result["scores"]["above_gap"], "precision": (result["ground_truth"] or {}).get("gap_precision")},
        "flips": [[f["flip_count"], f["flip_total"], f["p_value"]] for f in result["families"]],
        "canary": canary, "scored": result["counts"]["candidates_scored"],
        "attack_success_rate": before["attack_success_rate"],
        "clean_false_positive_rate": before["clean_false_positive_rate"],
        "stages": {s["name"]: round(s["seconds"], 1) for s in result["run"]["stages"]},
        "config_digest": result["config_digest"],
        "revision": subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], check=True,
                                   capture_output=True, text=True).stdout.strip(),
    }
    with WRITING, open(arguments.results, "a") as file:
        file.write(json.dumps(row, sort_keys=True, separators=(",", ":")) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    print(dataset, attack, preset, seed, row["verdict"], row["truth"] and round(row["truth"]["recall"], 3),
          row["truth"] and round(row["truth"]["precision"], 3), row["removed"], flush=True)


ABOUT = """# What Bezoar finds, and where it ends

Attacks planted by `bezoar poison` in real datasets, audited with a preset's settings as they are; triggers and target
classes are drawn anew for each seed. Fashion-MNIST: 6,000 images as PNG; CIFAR-10: 10,000 images as JPEG of quality 90.
"Half of the class" unless a rate is given; local triggers measure 31 % of the side (text 34 % wide, natural 27 to 42 %)
unless a size is given; rings, cross and the squares are pictures of 9 pixels that look the same turned, the grey patch one of soft greys. Recall and precision are those of removal; one figure a seed. `screen` trains no encoder at all.

    python3 Benchmarks/Detection/run.py --cifar FOLDER --preset screen --seeds 1,2,3
    python3 Benchmarks/Detection/run.py --table

A run is a row of `Benchmarks/Detection/results.jsonl` with the revision that gave it, and not repeated. An attack that did not take (attack success within 5
points of the false positives on clean images) is marked: finding it counts, "defending" it does not.
"""


def is_clean(attack):
    return attack.startswith("none")


def percent(values):
    return " / ".join("-" if v is None else ("%.1f" % (100 * v)).rstrip("0").rstrip(".") for v in values)


def table(arguments):
    found = rows(arguments)
    text = []
    for preset in ["screen", "quick", "standard"]:
        own = [r for r in found if r["preset"] == preset]
        if not own:
            continue
        text += ["", "## Preset `%s`" % preset, ""]
        head = ["dataset", "attack", "seeds", "recall %", "precision %", "false removals %", "verdicts", "found by"]
        if preset != "screen":
            head += ["precision of the 20 best windows %", "alike windows above the score gap (precision %)", "attack success (clean) %", "flips"]
        text += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        for dataset in DATASETS:
            for attack, _ in ATTACKS:
                some = sorted((r for r in own if r["dataset"] == dataset and r["attack"] == attack),
                              key=lambda r: r["seed"])
                if not some or is_clean(attack):
                    continue
                verdicts = [r["verdict"] for r in some]
                by = sorted({d for r in some for d in r["found_by"]})
                cells = [
                    dataset, attack, ", ".join(str(r["seed"]) for r in some),
                    percent([r["truth"]["recall"] for r in some]),
                    percent([r["truth"]["precision"] if r["removed"] else None for r in some]),
                    percent([r["truth"]["false_removal_rate"] for r in some]),
                    ", ".join("%d %s" % (verdicts.count(v), v) for v in sorted(set(verdicts))), ", ".join(by) or "-"]
                if preset != "screen":
                    def took(r):
                        a, c = r["attack_success_rate"], r["clean_false_positive_rate"]
                        if a is None:
                            return "-"
                        return "%.0f (%.0f)%s" % (100 * a, 100 * c, "" if a > c + 0.05 else ", did not take")
                    def apart(r):
                        gap = r.get("gap")
                        if gap is None:
                            return "not recorded"
                        return "%d (%s)" % (gap["windows"], percent([gap["precision"]])) if gap["windows"] else "none"
                    cells += [percent([r["truth"]["top_k_precision"].get("20") for r in some]),
                              "; ".join(apart(r) for r in some),
                              "; ".join(took(r) for r in some),
                              "; ".join(str(r["flips"][0][0]) + " of " + str(r["flips"][0][1]) if r["flips"] else "-"
                                        for r in some)]
                text.append("| " + " | ".join(cells) + " |")
        clean = [r for r in own if is_clean(r["attack"])]
        if clean:
            wrong = sum(r["verdict"] == "poisoned" for r in clean)
            removed = sum(r["removed"] for r in clean) / sum(r["images"] for r in clean)
            text += ["", "Unpoisoned: %d runs, %d wrong `poisoned` verdicts, %s %% of the images removed." % (
                len(clean), wrong, percent([removed]))]
        planted = [r for r in own if not is_clean(r["attack"]) and r["families"]]
        if planted:
            seen = sum(bool(r["canary"].get("found_by")) for r in planted)
            text += ["", "Canary found in %d of the %d runs in which something planted was found; in %d of all %d runs." % (
                seen, len(planted), sum(bool(r["canary"].get("found_by")) for r in own), len(own))]
        two = [r for r in own if r["triggers"] > 1]
        if two:
            text += ["", "Two triggers at once: both found in %d of %d runs." % (
                sum(r["triggers_found"] == r["triggers"] for r in two), len(two))]
        searched = [r["scored"] / r["images"] for r in own if r["scored"]]
        if searched:
            text += ["", "Images scored by the flip test: %s %% at most." % percent([max(searched)])]
        seconds = [r["stages"].get("screen", 0) for r in own if r["dataset"] == "cifar" and r["images"] == 10_000]
        if seconds:
            text += ["", "Screening of 10,000 CIFAR images: median %.1f s (one thread each, two runs at a time)." % (
                sorted(seconds)[len(seconds) // 2])]
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cifar", default="cifar")
    parser.add_argument("--work", default="/tmp/bezoar-detection")
    parser.add_argument("--results", default=os.path.join(ROOT, "Benchmarks/Detection/results.jsonl"))
    parser.add_argument("--preset", default="screen")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--datasets", nargs="*", default=DATASETS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--attack-success", action="store_true",
                        help="also train the scan encoder and measure attack success: twice the time")
    parser.add_argument("--table", action="store_true", help="write the table from what is there and run nothing")
    arguments = parser.parse_args()
    if not arguments.table:
        with ThreadPoolExecutor(arguments.jobs) as pool:
            waiting = [
                pool.submit(run, arguments, dataset, attack, options, preset, seed)
                for preset in arguments.preset.split(",") for seed in map(int, arguments.seeds.split(","))
                for dataset in arguments.datasets for attack, options in ATTACKS
                if not arguments.only or attack in arguments.only]
            for one in waiting:
                one.result()
    text = table(arguments)
    with open(os.path.join(ROOT, "Benchmarks/DETECTION.md"), "w") as file:
        file.write(ABOUT + text + open(os.path.join(ROOT, "Benchmarks/Detection/NOTES.md")).read())
    print(text)


main()
