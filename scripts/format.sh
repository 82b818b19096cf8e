#!/usr/bin/env bash
# format.sh [--check]: clang-format over our C++ files; with --check, only says
# what it would change and fails if there is anything.
set -euo pipefail
cd "$(dirname "$0")/.."
how=(-i)
[ "${1:-}" = --check ] && how=(--dry-run -Werror)
find include attestors agent workload_api conformance tests \( -name '*.cc' -o -name '*.h' \) -print0 |
  xargs -0 -r clang-format "${how[@]}"
