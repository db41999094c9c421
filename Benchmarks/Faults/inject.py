#!/usr/bin/env python3
"""Lets each call that changes a run folder fail once, and looks at what is left.

    python3 Benchmarks/Faults/inject.py [--kinds full,io,short,denied,kill] [--every 1] [--work FOLDER] [--jobs 2]

A small audit with all stages is run once to count its calls, then once for each call and kind of fault. After every fault the
exit code must be the documented one (2, or what the run ends with where the call did not matter), the message must name a
path, every file with its final name must be whole, and the same command without a fault must end with the result of a
run that was left alone.
"""
import argparse
import collections
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from kill import BEZOAR, FASHION, result

SETTINGS = [
    "imageSize=16", "network.width=4", "network.blocks=[1,1]", "scan.epochs=2", "scan.batch=16", "scan.warmUpEpochs=0",
    "advcl.epochs=1", "advcl.batch=16", "search.flipImages=16", "search.clusters=4", "evaluation.robustImages=8"]


def torn(path):
    """Why a file with its final name is not whole; None if it is."""
    with open(path, "rb") as file:
        data = file.read()
    name = os.path.basename(path)
    if data.startswith(b"bezoar-state "):
        head, _, body = data.partition(b"\n")
        return None if hashlib.sha256(body).hexdigest().encode() == head[13:] else "checksum"
    if name.endswith((".json", ".sarif")):
        try:
            json.loads(data)
        except ValueError as error:
            return str(error)
    elif name.endswith(".html"):
        return None if data.rstrip().endswith(b"</html>") else "no end"
    elif name.endswith(".png"):
        return None if data.endswith(b"IEND\xaeB`\x82") else "no end"
    elif name.endswith(".safetensors"):
        size = struct.unpack("<Q", data[:8])[0]
        last = max(v["data_offsets"][1] for k, v in json.loads(data[8:8 + size]).items() if k != "__metadata__")
        return None if len(data) == 8 + size + last else "size"
    elif name.endswith((".csv", ".txt", ".sha256")):
        return None if not data or data.endswith(b"\n") else "cut off"
    elif name != "lock":
        return "unknown file"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default="full,io,short,denied,kill")
    parser.add_argument("--every", type=int, default=1, help="only every Nth call")
    parser.add_argument("--work", default="/tmp/bezoar-inject")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    work = arguments.work
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    library = work + "/inject.so"
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "inject.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    name = FASHION + "/%s-%s-ubyte.gz"
    subprocess.run(
        [BEZOAR, "poison", name % ("train", "images-idx3"), "--labels", name % ("train", "labels-idx1"), "--limit",
         "60", "--rate", "1", "--out", work + "/planted"], check=True, stdout=subprocess.DEVNULL)

    def audit(out, log=None, at=None, kind=None):
        # One thread, so that calls come in the same order every time.
        command = [BEZOAR, "audit", work + "/planted/dataset", "--out", out, "--threads", "1", "--progress", "none",
                   "--format", "html,csv,sarif", "--decode", "in-process", "--labels", "folders",
                   *[word for setting in SETTINGS for word in ("--set", setting)]]
        environment = dict(os.environ)
        if log:
            environment.update(LD_PRELOAD=library, INJECT_FOLDER=out, INJECT_LOG=log)
        if at:
            environment.update(INJECT_AT=str(at), INJECT_KIND=kind)
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    whole = audit(work + "/whole", work + "/calls")
    wanted = result(work + "/whole")
    with open(work + "/calls") as file:
        calls = file.read().splitlines()
    print("%d calls: %s" % (len(calls), dict(collections.Counter(c.split()[0] for c in calls))), flush=True)
    wrong = []
    codes = collections.Counter()

    def one(task):
        kind, at = task
        out = "%s/%s-%d" % (work, kind, at)
        run = audit(out, out + ".log", at, kind)
        codes[kind, run.returncode] += 1
        call = "%s at call %d (%s)" % (kind, at, calls[at - 1].replace(work + "/whole", ""))
        if run.returncode not in ({-9} if kind == "kill" else {2, whole.returncode}):
            wrong.append("%s: exit code %d, %s" % (call, run.returncode, run.stderr[-300:]))
        if run.returncode == 2 and not re.search(r"%s[^ ]*.*: .*; " % re.escape(out), run.stderr):
            wrong.append("%s: message %s" % (call, run.stderr[-300:]))
        for folder, _, names in os.walk(out):
            for name in names:
                path = os.path.join(folder, name)
                why = None if name.endswith(".part") else torn(path)
                if why:
                    wrong.append("%s: %s is torn: %s" % (call, path, why))
        again = audit(out)
        if again.returncode != whole.returncode:
            wrong.append("%s: resumed with %d, %s" % (call, again.returncode, again.stderr[-300:]))
        elif result(out) != wanted:
            wrong.append("%s: another result" % call)
        elif any(name.endswith(".part") for _, _, names in os.walk(out) for name in names):
            wrong.append("%s: left a part" % call)
        shutil.rmtree(out, ignore_errors=True)
        os.remove(out + ".log") if os.path.exists(out + ".log") else None

    tasks = [(kind, at) for kind in arguments.kinds.split(",") for at in range(1, len(calls) + 1, arguments.every)]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(one, tasks))
    for (kind, code), count in sorted(codes.items()):
        print("%s: %d runs ended with %d" % (kind, count, code))
    print("%d faults, %d wrong" % (len(tasks), len(wrong)))
    print("\n".join(wrong[:40]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
