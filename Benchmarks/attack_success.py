"""How far one planted attack succeeds with every objective, before and after the filter.

    python3 attack_success.py BEZOAR OUT [--images TRAIN --test TEST [--labels FILE --test-labels FILE]] [--name NAME] [--target CLASS]
        [--count 6000] [--epochs 20] [--width 16] [--seeds 0,1,2] [--objectives a,b,c] [--set NAME=VALUE ...] [--threads 1]

For each seed: `bezoar poison` plants a trigger in every image of one class, `bezoar audit --preset screen` writes the list of what is
kept, and `bezoar train` trains every objective on all images and on that list; the probe, its labels and the triggered images are those
of the ground truth. Without --images: Fashion-MNIST of Debian's dataset-fashion-mnist, class 7. Rows go to OUT/NAME.json; what is
there is not run again, and what is not measured yet is `-` in the table that is printed.
"""
import argparse, json, os, subprocess, sys

FASHION = "/usr/share/datasets/fashion-mnist/"
ALL = "simclr moco-v2 moco-v3 byol simsiam barlow-twins vicreg msf cmsf isd dcl debiased supcon".split()


def run(command, log):
    with open(log, "ab") as file:
        return subprocess.run(command, stdout=file, stderr=subprocess.STDOUT).returncode


def planted(base):
    """A planted dataset and its ground truth."""
    return f"{base}/planted/dataset", f"{base}/planted/ground-truth.json"


def plant(bezoar, base, log, seed, images=FASHION + "train-images-idx3-ubyte.gz", labels=FASHION + "train-labels-idx1-ubyte.gz",
          test=FASHION + "t10k-images-idx3-ubyte.gz", test_labels=FASHION + "t10k-labels-idx1-ubyte.gz", target="7", count=6000):
    """Plants a trigger in every image of one class, unless that was done before."""
    if not os.path.exists(planted(base)[1]):
        run([bezoar, "poison", images, "--labels", labels or "folders", "--target", target, "--limit", str(count), "--eval", test,
             "--eval-labels", test_labels or "folders", "--eval-limit", "3000", "--seed", seed, "--out", f"{base}/planted"], log)


def measured(folder):
    """What a run folder's training measured; None if it did not end."""
    try:
        text = open(f"{folder}/state/pretraining.json", "rb").read().split(b"\n", 1)[1]
    except (FileNotFoundError, IndexError):
        return None
    return json.loads(text)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("bezoar"), p.add_argument("out")
    p.add_argument("--images", default=FASHION + "train-images-idx3-ubyte.gz")
    p.add_argument("--labels"), p.add_argument("--test"), p.add_argument("--test-labels")
    p.add_argument("--name", default="fashion"), p.add_argument("--target", default="7")
    p.add_argument("--count", default=6000, type=int), p.add_argument("--epochs", default=20, type=int)
    p.add_argument("--width", default=16, type=int), p.add_argument("--seeds", default="0,1,2")
    p.add_argument("--objectives", default=",".join(ALL)), p.add_argument("--set", action="append", default=[])
    p.add_argument("--threads", default=1, type=int)
    a = p.parse_args()
    if not a.test:
        a.test, a.labels = FASHION + "t10k-images-idx3-ubyte.gz", FASHION + "train-labels-idx1-ubyte.gz"
        a.test_labels = FASHION + "t10k-labels-idx1-ubyte.gz"
    os.makedirs(a.out, exist_ok=True)
    kept_rows = f"{a.out}/{a.name}.json"
    rows = json.load(open(kept_rows)) if os.path.exists(kept_rows) else {}
    for seed in a.seeds.split(","):
        base = f"{a.out}/{a.name}-{seed}"
        data, truth = planted(base)
        log = f"{a.out}/{a.name}-{seed}.log"
        plant(a.bezoar, base, log, seed, a.images, a.labels, a.test, a.test_labels, a.target, a.count)
        if not os.path.exists(f"{base}/audit/kept.txt"):
            run([a.bezoar, "audit", data, "--preset", "screen", "--seed", seed, "--quiet", "--out", f"{base}/audit",
                 "--ground-truth", truth], log)
        for objective in a.objectives.split(","):
            for name, source in (("before", [data]), ("after", [f"{base}/audit/kept.txt", "--root", data])):
                key = f"{objective} {seed} {name}"
                if key in rows:
                    continue
                folder = f"{base}/{objective}-{name}"
                labels = ["--labels", "folders"] if objective == "supcon" else []
                code = run([a.bezoar, "train", *source, "--ground-truth", truth, "--objective", objective, *labels, "--seed", seed,
                            "--set", f"scan.epochs={a.epochs}", "--set", f"network.width={a.width}",
                            *[x for s in a.set for x in ("--set", s)], "--threads", str(a.threads), "--quiet", "--overwrite",
                            "--out", folder], log)
                result = measured(folder)
                if result is None:
                    print(f"{key}: no result, exit code {code}; see {log}", file=sys.stderr)
                    continue
                rows[key] = {"code": code, "clean": result["clean_accuracy"], "success": result["attack_success_rate"],
                             "false": result["clean_false_positive_rate"]}
                json.dump(rows, open(kept_rows, "w"), indent=1, sort_keys=True)
    seeds = a.seeds.split(",")

    def cell(objective, name, what):
        values = [rows.get(f"{objective} {seed} {name}") for seed in seeds]
        return ", ".join("-" if v is None or v[what] is None else f"{100 * v[what]:.1f}" for v in values)

    print("| objective | attack success %: before | after | clean accuracy %: before | after |\n|---|---|---|---|---|")
    for objective in a.objectives.split(","):
        print(f"| `{objective}` | " + " | ".join(
            cell(objective, name, what) for what in ("success", "clean") for name in ("before", "after")) + " |")


if __name__ == "__main__":
    main()
