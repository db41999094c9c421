#!/usr/bin/env python3
"""Generates very many image files, as a folder and as a tar, and inspects them: time and peak memory.

    python3 Benchmarks/Faults/million.py --work FOLDER [--files 1000000] [--most-mib 300]

Files are hard links to some thousand small PNGs, a thousand in each folder. The folder and the tar must have the
same digest; the script fails above the limit of memory. FOLDER is kept for the next run.
"""
import argparse
import io
import os
import re
import struct
import subprocess
import sys
import tarfile
import time
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BEZOAR = os.environ.get("BEZOAR", os.path.join(ROOT, ".build/release/bezoar"))


def png(i):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = b"".join(b"\0" + bytes((i * 7 + 3 * x + y * (i % 5)) % 256 for x in range(96)) for y in range(32))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def generate(work, files):
    folder, archive = "%s/%d" % (work, files), "%s/%d.tar" % (work, files)
    if os.path.exists(archive):
        return folder, archive
    sources = "%s/sources" % work
    os.makedirs(sources, exist_ok=True)
    some = [png(i) for i in range(2000)]
    with tarfile.open(archive + ".part", "w") as tar:
        for i in range(files):
            name = "%04d/%07d.png" % (i // 1000, i)
            if i % 1000 == 0:
                os.makedirs("%s/%04d" % (folder, i // 1000), exist_ok=True)
            bytes_ = some[i % len(some)]
            # A file has some ten thousand links at most.
            source = "%s/%d-%d.png" % (sources, i % len(some), i // len(some) // 10000)
            if not os.path.exists(source):
                with open(source, "wb") as file:
                    file.write(bytes_)
            if not os.path.exists(folder + "/" + name):
                os.link(source, folder + "/" + name)
            entry = tarfile.TarInfo(name)
            entry.size = len(bytes_)
            tar.addfile(entry, io.BytesIO(bytes_))
    os.rename(archive + ".part", archive)
    return folder, archive


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", required=True)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--most-mib", type=int, default=300)
    arguments = parser.parse_args()
    digests, failed = set(), False
    for files in [arguments.files // 10, arguments.files]:
        for path in generate(arguments.work, files):
            begin = time.monotonic()
            process = subprocess.Popen(
                [BEZOAR, "inspect", path, "--image-size", "32", "--manifest", arguments.work + "/manifest"],
                stdout=subprocess.PIPE, text=True)
            text = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - begin
            if status != 0:
                sys.exit("%s: status %d\n%s" % (path, status, text))
            digests.add((files, re.search(r"digest +(\w+)", text).group(1)))
            peak = usage.ru_maxrss >> 10
            failed |= peak > arguments.most_mib
            print("%-40s %6.1f s  %7.0f files/s  %4d MiB" % (path, seconds, files / seconds, peak), flush=True)
    if len(digests) != 2:
        sys.exit("a folder and its tar differ: %s" % digests)
    if failed:
        sys.exit("more than %d MiB" % arguments.most_mib)


if __name__ == "__main__":
    main()
