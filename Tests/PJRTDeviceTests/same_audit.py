#!/usr/bin/env python3
"""Runs the quick demonstration on the CPU's own kernels and on a PJRT plugin; verdict and families have to be the same, and
what is removed, but for one image.

    python3 same_audit.py BEZOAR PLUGIN FOLDER
"""
import json
import sys
import subprocess


def audit(bezoar, device, out):
    run = subprocess.run([bezoar, "demo", "--preset", "quick", "--retrain", "none", "--device", device, "--out", out,
                          "--overwrite", "--progress", "none"], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit("%s: exit code %d\n%s%s" % (device, run.returncode, run.stdout, run.stderr))
    with open(out + "/audit/result.json") as file:
        return json.load(file)


def main():
    bezoar, plugin, folder = sys.argv[1:]
    own = audit(bezoar, "cpu", folder + "/cpu")
    other = audit(bezoar, "pjrt:" + plugin, folder + "/plugin")
    removed = [set(s["path"] for s in r["suspects"]) for r in (own, other)]
    for result, paths in zip((own, other), removed):
        print("%-10s %s, %d families (%s), %d removed, %.0f s" % (
            result["run"]["device"], result["verdict"]["value"], len(result["families"]),
            ", ".join("+".join(f["found_by"]) for f in result["families"]), len(paths), result["run"]["seconds"]))
    differing = removed[0] ^ removed[1]
    print("%d images are removed by one of them alone" % len(differing))
    same = own["verdict"]["value"] == other["verdict"]["value"] and len(own["families"]) == len(other["families"])
    sys.exit(0 if same and len(differing) <= 1 else 1)


if __name__ == "__main__":
    main()
