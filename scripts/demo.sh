#!/usr/bin/env bash
# demo.sh BIN_FOLDER: a daemon in a scratch folder, a workload that gets its
# identity and its rotations, somebody else who gets nothing, and a workload that
# becomes another program and loses what it had. Nothing stays.
set -euo pipefail

bin=$(cd "${1:?usage: demo.sh BIN_FOLDER}" && pwd)
home=$(mktemp -d -t surety-demo.XXXXXX)
daemon=

cleanup() {
  if [ -n "$daemon" ] && kill -0 "$daemon" 2>/dev/null; then
    kill "$daemon"
    wait "$daemon" || true
  fi
  rm -rf "$home"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() { printf '\033[2m$ %s\033[0m\n' "$*"; }
die() {
  echo "demo: $*" >&2
  [ ! -s "$home/log" ] || tail -n 20 "$home/log" >&2
  exit 1
}

# Users without accounts, and programs where they can reach them.
workload_uid=12001
stranger_uid=12002
chmod 755 "$home"
mkdir -m 755 "$home/bin" "$home/entries.d" "$home/run"
cp "$bin/suretyd" "$bin/surety" "$home/bin/"
export SPIFFE_ENDPOINT_SOCKET="unix://$home/run/workload.sock"
if [ "$(id -u)" = 0 ]; then
  as() { setpriv --reuid "$1" --regid "$1" --clear-groups -- "${@:2}"; }
else
  echo "Without root there is one user only, you: the daemon and the workload both run under uid $(id -u),"
  echo "and nobody else can be shown being refused. Run it as root to see users told apart."
  workload_uid=$(id -u)
  as() { "${@:2}"; }
fi

step "1. An entry says: a process of uid $workload_uid is spiffe://demo.test/web, for 10 seconds at a time."
cat >"$home/entries.d/web.toml" <<TOML
[[entry]]
spiffe_id = "spiffe://demo.test/web"
selectors = ["unix:uid:$workload_uid"]
x509_ttl = "10s"
TOML
cat "$home/entries.d/web.toml"

step "2. suretyd starts. At its first start it makes the trust domain's signing key."
cat >"$home/surety.toml" <<TOML
trust_domain = "demo.test"
state_dir = "$home/state"
entries_dir = "$home/entries.d"
[x509]
crl_file = "$home/run/crl.pem"
[workload_api]
socket = "$home/run/workload.sock"
[admin]
socket = "$home/run/admin.sock"
TOML
show "suretyd run --config surety.toml"
"$home/bin/suretyd" run --config "$home/surety.toml" 2>"$home/log" &
daemon=$!
for _ in $(seq 200); do
  [ ! -S "$home/run/workload.sock" ] || break
  kill -0 "$daemon" 2>/dev/null || { daemon=; die "suretyd did not start"; }
  sleep 0.05
done
[ -S "$home/run/workload.sock" ] || die "suretyd made no socket within 10 s"
head -n 5 "$home/log"

step "3. A process of uid $workload_uid asks who it is. It shows no password, no token: the kernel says who is calling."
show "surety fetch x509"
as "$workload_uid" "$home/bin/surety" fetch x509 || die "the workload got no SVID"

if [ "$(id -u)" = 0 ]; then
  step "4. A process of uid $stranger_uid asks the same socket. No entry fits, so it gets nothing."
  show "surety fetch x509"
  if as "$stranger_uid" "$home/bin/surety" fetch x509; then
    die "the stranger got an SVID"
  fi
fi

step "5. A workload that stays connected gets a new certificate and key before the old one ends: two rotations, some 13 s."
show "surety watch"
as "$workload_uid" timeout 13 "$home/bin/surety" watch | tee "$home/watched" || true
[ "$(grep -c rotated "$home/watched")" -ge 2 ] || die "no two rotations within 13 s"

step "6. The jump: a workload with an open stream becomes another program, and that one asks again."
show "jumping_workload.pl, which executes: surety fetch x509"
cp "$(dirname "$0")/jumping_workload.pl" "$home/bin/"
chmod 755 "$home/bin/jumping_workload.pl"
if as "$workload_uid" "$home/bin/jumping_workload.pl" "$home/run/workload.sock" \
  "$home/bin/surety" fetch x509 >"$home/jumped"; then
  die "the program it became got an SVID"
fi
read -r jumper jumped_at <"$home/jumped" || die "the workload did not jump"

step "7. Within milliseconds its stream ended and its SVID was revoked. Why? In the daemon's own words:"
show "surety audit why $jumper"
"$home/bin/surety" audit why "$jumper" --dir "$home/state/audit" || die "the audit log knows nothing of it"
refused=$("$home/bin/surety" audit tail --dir "$home/state/audit" --pid "$jumper" --verdict refuse --output json |
  head -n 1)
refused_at=$(date -d "$(sed 's/.*"time":"\([^"]*\)".*/\1/' <<<"$refused")" +%s.%N)
awk -v from="$jumped_at" -v to="$refused_at" \
  'BEGIN { printf "From the jump to the refusal: %.1f ms\n", (to - from) * 1000 }'

step "8. Its serial is on the certificate revocation list, which went to everyone who has a stream."
serial=$("$home/bin/surety" audit tail --dir "$home/state/audit" --pid "$jumper" --verdict allow --output json |
  sed -n '1s/.*"serial":"\([0-9a-f]*\)".*/\1/p')
show "openssl crl -in crl.pem -text | grep -A 1 -i $serial"
for _ in $(seq 40); do
  ! openssl crl -in "$home/run/crl.pem" -noout -text | grep -i -A 1 "$serial" || break
  sleep 0.05
done
openssl crl -in "$home/run/crl.pem" -noout -text | grep -qi "$serial" || die "$serial is not revoked"

step "9. A fresh, honest process of the same entry is served."
show "surety fetch x509"
as "$workload_uid" "$home/bin/surety" fetch x509 || die "the honest one got no SVID"

step "10. What the operator sees, and whether the record is whole."
show "surety status"
"$home/bin/surety" status --admin-socket "$home/run/admin.sock" || die "no status"
show "surety audit verify"
"$home/bin/surety" audit verify --dir "$home/state/audit" || die "the audit log is damaged"

step "11. suretyd is told to stop; its sockets go with it."
kill "$daemon"
wait "$daemon" || die "suretyd ended with status $?"
daemon=
[ ! -e "$home/run/workload.sock" ] || die "the socket is still there"
echo "Done. Nothing is left behind: $home is removed."
