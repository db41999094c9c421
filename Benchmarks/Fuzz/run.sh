#!/usr/bin/env bash
# Fuzzes every parser of our own: bash Benchmarks/Fuzz/run.sh [RUNS a parser, default 20000] [NAME ...]
# Corpora are in Fixtures/fuzz/NAME; what crashes is written beside the build and named.
set -euo pipefail
cd "$(dirname "$0")"
runs="${1:-20000}"
shift || true
names=("$@")
if [ ${#names[@]} = 0 ]; then
  names=(answer cifar config encoder idx ignore image labels list result safetensors tar truth zip)
fi
swift build -c release --product fuzz -Xswiftc -sanitize=fuzzer -Xswiftc -parse-as-library -Xswiftc -enable-testing \
  -Xcc -fsanitize=fuzzer-no-link -Xswiftc -use-ld=lld
for name in "${names[@]}"; do
  corpus=".build/corpus/$name"
  mkdir -p "$corpus" "../../Fixtures/fuzz/$name"
  FUZZ_TARGET="$name" .build/release/fuzz "$corpus" "../../Fixtures/fuzz/$name" -runs="$runs" -max_len=8192 -timeout=20 \
    -rss_limit_mb=4096 -artifact_prefix=".build/crash-$name-" -print_final_stats=1 -verbosity=0 2>&1 |
    grep -E "stat::(number_of_executed_units|average_exec)|ERROR|SUMMARY|Fatal|artifact" | sed "s/^/$name: /"
  test "${PIPESTATUS[0]}" = 0
  rm -rf /dev/shm/bezoar-fuzz-*
done
