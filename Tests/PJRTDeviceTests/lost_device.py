#!/usr/bin/env python3
"""Audits on a plugin that fails in the middle of the training: the audit ends with code 2 and the plugin's words, and the same
command on the CPU goes on from the epochs that were done.

    python3 lost_device.py BEZOAR PLUGIN FOLDER
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
IMAGES = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"


def main():
    bezoar, plugin, folder = sys.argv[1:]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    failing = os.path.abspath(folder + "/failing_plugin.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-I", HERE.parent.parent / "Sources/CPJRT/include",
                    HERE.parent.parent / "Fixtures/pjrt/failing_plugin.c", "-o", failing, "-ldl"], check=True)
    subprocess.run([bezoar, "poison", IMAGES, "--labels", IMAGES.replace("images-idx3", "labels-idx1"), "--limit", "800",
                    "--attack", "none", "--out", folder + "/planted"], check=True, stdout=subprocess.DEVNULL)
    audit = [bezoar, "audit", folder + "/planted/dataset", "--out", folder + "/audit", "--preset", "quick", "--retrain",
             "none", "--set", "scan.epochs=8", "--progress", "plain", "--verbose"]
    environment = dict(os.environ, BEZOAR_TEST_PLUGIN=plugin, BEZOAR_TEST_LOST=folder + "/lost")
    state = pathlib.Path(folder, "audit/state")
    with open(folder + "/errors", "w+") as errors:
        run = subprocess.Popen(audit + ["--device", "pjrt:" + failing], env=environment, stdout=subprocess.DEVNULL,
                               stderr=errors)
        # The device is lost as soon as something of the training is kept.
        while run.poll() is None and not list(state.glob("search.training*")):
            time.sleep(0.05)
        pathlib.Path(folder, "lost").touch()
        code = run.wait()
        errors.seek(0)
        text = errors.read()
    print("\n".join(text.splitlines()[-6:]))
    words = ["failed at running a step", "goes on where it stopped"]
    if code != 2 or any(word not in text for word in words):
        sys.exit("a lost device ended with code %d" % code)
    on = subprocess.run(audit + ["--device", "cpu"], capture_output=True, text=True)
    if on.returncode not in (0, 4):
        sys.exit("going on ended with code %d\n%s" % (on.returncode, on.stderr))
    if "epoch 8/8" not in on.stderr or "epoch 1/8" in on.stderr:
        sys.exit("the training did not go on from the epochs that were kept\n%s" % on.stderr)
    with open(folder + "/audit/result.json") as file:
        result = json.load(file)
    print("%s, %s" % (result["run"]["device"], result["verdict"]["value"]))


if __name__ == "__main__":
    main()
