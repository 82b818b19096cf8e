#!/usr/bin/env bash
# bench.sh BUILD_FOLDER: measures a daemon of its own against the targets of
# docs/benchmarks.md and prints its tables. Needs root, an idle machine and about
# a quarter of an hour. The reports stay in BUILD_FOLDER/bench.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(cd "${1:?usage: bench.sh BUILD_FOLDER}" && pwd)
[ "$(id -u)" = 0 ] || { echo "bench: needs root, to run the load as another user" >&2; exit 1; }

. scripts/toolchains.sh
[ -n "$(find_go)" ] || scripts/install-deps.sh test
scripts/build-client.sh go "$build/tests/clients/go"
scripts/build-client.sh envoy "$build/tests/clients/envoy"
ulimit -n "$(ulimit -Hn)"

home=$(mktemp -d -t surety-bench.XXXXXX)
reports=$build/bench
mkdir -p "$reports"
daemon=
stop_daemon() {
  if [ -n "$daemon" ]; then
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" || true
    daemon=
  fi
}
trap 'stop_daemon; rm -rf "$home"' EXIT
trap 'exit 130' INT TERM

uid=12001
chmod 755 "$home"
mkdir -m 755 "$home/bin" "$home/entries.d" "$home/run"
cp "$build/bin/suretyd" "$build/tests/clients/go/loadgen" "$home/bin/"
export SPIFFE_ENDPOINT_SOCKET="unix://$home/run/workload.sock"

start_daemon() {  # start_daemon TTL
  stop_daemon
  cat >"$home/entries.d/load.toml" <<TOML
[[entry]]
spiffe_id = "spiffe://bench.test/load"
selectors = ["unix:uid:$uid", "unix:path:$home/bin/loadgen"]
x509_ttl = "$1"
TOML
  cat >"$home/surety.toml" <<TOML
trust_domain = "bench.test"
state_dir = "$home/state"
entries_dir = "$home/entries.d"
log_level = "warn"
[workload_api]
socket = "$home/run/workload.sock"
[admin]
socket = "$home/run/admin.sock"
[limits]
connections = 12000
connections_per_uid = 12000
streams_per_uid = 24000
calls_per_second_per_uid = 100000
calls_burst_per_uid = 100000
short_calls_per_second_per_lineage = 100000
short_calls_burst_per_lineage = 100000
TOML
  "$home/bin/suretyd" run --config "$home/surety.toml" 2>>"$reports/daemon.log" &
  daemon=$!
  for _ in $(seq 200); do
    [ ! -S "$home/run/workload.sock" ] || return 0
    kill -0 "$daemon" 2>/dev/null || { echo "bench: suretyd did not start; see $reports/daemon.log" >&2; exit 1; }
    sleep 0.05
  done
  echo "bench: suretyd made no socket" >&2
  exit 1
}

load() {  # load NAME MODE FLAGS...
  echo "bench: $1" >&2
  setpriv --reuid $uid --regid $uid --clear-groups -- "$home/bin/loadgen" "${@:2}" >"$reports/$1.json"
}

: >"$reports/daemon.log"
start_daemon 1h
sleep 2
awk '/^VmRSS/ {print $2}' "/proc/$daemon/status" >"$reports/idle-rss-kib"
load first-new-connection first-svid -n 2000
load first-reused-connection first-svid -n 4000 -reuse
load streams-1000 streams -n 1000
start_daemon 1h
load streams-5000 streams -n 5000
start_daemon 1h
load streams-10000-on-10 streams -n 10000 -conns 10
start_daemon 20s
load rotation rotation -n 1000 -conns 100 -for 40s
stop_daemon
missed=0
python3 scripts/bench_table.py "$reports" || missed=1
SURETY_BIN=$build/bin python3 tests/bench/act_latency.py | tee "$reports/act-latency.md" || missed=1
SURETY_BIN=$build/bin python3 tests/bench/hook_cost.py | tee "$reports/hook-cost.md" || missed=1
SURETY_BIN=$build/bin python3 tests/bench/token_cpu.py | tee "$reports/token-cpu.md" || missed=1
SURETY_BIN=$build/bin python3 tests/bench/container_cost.py | tee "$reports/container-cost.md" || missed=1
SURETY_BIN=$build/bin python3 tests/bench/revocation_latency.py | tee "$reports/revocation-latency.md" || missed=1
exit $missed
