"""What defences do by themselves: encoders retrained on images from which nothing was removed.

    python3 defences.py BEZOAR OUT [--seeds 0,1,2] [--epochs 20] [--width 16] [--trusted 25,10,5] [--threads 1]

For each seed: `bezoar poison` plants a trigger in every image of class 7 among 6,000 of Fashion-MNIST (Debian's
dataset-fashion-mnist), `bezoar train` trains the encoder that is attacked, and `bezoar audit --set retrainOn=all` retrains from it:
`plain`, `advcl`, `plain` with --cutmix, `compress` and `simreg` on trusted images, drawn from those without the trigger. As all images
of class 7 carry it, trusted ones show nothing of that class. Runs that ended are not run again; what is not measured is `-`.
"""
import argparse, json, os, random

from attack_success import plant, planted, run


def trusted(data, truth, percent, path):
    """A list of clean images, so many per cent of the dataset."""
    bad = {p["path"] for p in json.load(open(truth))["poisoned"]}
    names = sorted(os.path.relpath(os.path.join(folder, f), data) for folder, _, files in os.walk(data) for f in files)
    clean = [name for name in names if name not in bad]
    random.Random(0).shuffle(clean)
    with open(path, "w") as file:
        file.write("\n".join(sorted(clean[:len(names) * percent // 100])) + "\n")
    return path


def main():
    p = argparse.ArgumentParser()
    p.add_argument("bezoar"), p.add_argument("out")
    p.add_argument("--seeds", default="0,1,2"), p.add_argument("--epochs", default=20, type=int)
    p.add_argument("--width", default=16, type=int), p.add_argument("--trusted", default="25,10,5")
    p.add_argument("--threads", default=1, type=int)
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    table = {}
    for seed in a.seeds.split(","):
        base = f"{a.out}/fashion-{seed}"
        data, truth = planted(base)
        log = f"{a.out}/defences-{seed}.log"
        plant(a.bezoar, base, log, seed)
        recipe = ["--ground-truth", truth, "--seed", seed, "--set", f"scan.epochs={a.epochs}", "--set",
                  f"network.width={a.width}", "--threads", str(a.threads), "--quiet"]
        victim = f"{base}/simclr-before"
        if not os.path.exists(f"{victim}/state/pretraining.json"):
            run([a.bezoar, "train", data, *recipe, "--out", victim], log)
        shares = [int(s) for s in a.trusted.split(",")]
        runs = {"plain, advcl": ["plain,advcl"], "cutmix": ["plain", "--cutmix"]}
        for share in shares:
            kinds = "compress,simreg" if share == shares[min(1, len(shares) - 1)] else "compress"
            runs[f"{share} %"] = [kinds, "--trusted", trusted(data, truth, share, f"{base}/trusted-{share}.txt")]
        for name, choice in runs.items():
            folder = f"{base}/defence-" + name.replace(", ", "-").replace(" %", "")
            if not os.path.exists(f"{folder}/result.json"):
                run([a.bezoar, "audit", data, *recipe, "--encoder", f"{victim}/models/scan/model.safetensors", "--set",
                     "retrainOn=all", "--retrain", *choice, "--fail-on", "none", "--out", folder], log)
            if not os.path.exists(f"{folder}/result.json"):
                continue
            metrics = json.load(open(f"{folder}/result.json"))["metrics"]
            after = [metrics["after"], metrics["after_plain"], *metrics["after_others"]]
            for one in [metrics["before"], *[m for m in after if m and m["encoder"] != "none"]]:
                kind = one["encoder"]
                row = {"scan": "before", "plain": "cutmix" if name == "cutmix" else "plain"}.get(kind, kind)
                if "%" in name and kind != "scan":
                    row += f", {name} trusted"
                table.setdefault(row, {})[seed] = one
    print("| unfiltered images | attack success % | clean accuracy % | PGD-20 robust % |\n|---|---|---|---|")
    for row, by_seed in table.items():
        def cell(value):
            values = [value(by_seed[s]) if s in by_seed else None for s in a.seeds.split(",")]
            return ", ".join("-" if v is None else f"{100 * v:.1f}" for v in values)
        print(f"| {row} | " + " | ".join([cell(lambda m: m["attack_success_rate"]), cell(lambda m: m["clean_accuracy"]),
                                           cell(lambda m: (m["robust_accuracy"] or {}).get("value"))]) + " |")


main()
