#!/usr/bin/env bash
# Everything that is tested, on this machine, in one ctest run whose summary is
# the last thing printed. Arguments go to ctest: scripts/test.sh -L e2e
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(id -u)" != 0 ]; then
  echo "test: needs root, since it starts workloads under several users and looks at them: sudo make test" >&2
  exit 1
fi

scripts/install-deps.sh test
cmake --preset release
cmake --build build/release --parallel "$(nproc)"
exec ctest --test-dir build/release --output-on-failure --no-tests=error --parallel "$(nproc)" "$@"
