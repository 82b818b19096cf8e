#!/usr/bin/env bash
# Runs every fuzz target for SECONDS_EACH (60) seconds on its corpus. What it
# finds lies in build/fuzz/findings; put a finding into the corpus with its fix.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-deps.sh test
cmake --preset fuzz >/dev/null
cmake --build build/fuzz --parallel "$(nproc)"

found=build/fuzz/findings
mkdir -p "$found"
targets=$(find build/fuzz/bin -name '*_fuzz' -type f | sort)
[ -n "$targets" ] || { echo "fuzz: no fuzz target was built" >&2; exit 1; }
for target in $targets; do
  name=$(basename "$target" _fuzz)
  grown=build/fuzz/tests/fuzz/found/$name
  mkdir -p "$grown"
  echo "== $name for ${SECONDS_EACH:-60} s"
  "$target" -max_total_time="${SECONDS_EACH:-60}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$found/$name-" "$grown" "tests/fuzz/corpus/$name" 2>&1 | tail -n 8
done
