#!/usr/bin/env bash
# Installs what Surety needs from Debian 12's own packages, and only what is
# missing: a second run does nothing, in well under a second.
#
#   install-deps.sh build    what it takes to build suretyd and surety
#   install-deps.sh test     that, and everything the tests need (the default)
#
# Policies are decided by a library in Rust, and the interoperability clients are written in
# other languages still. A good enough toolchain on the PATH is used as it is. Else:
#   Go     golang-go (1.19) from apt, which downloads a newer toolchain as an
#          ordinary module, checksum database included
#   Rust   rustc-web and cargo-web, the newer Rust that Debian 12 carries
#   Java   default-jdk-headless (17) and maven
# A component that cannot be had ends the run: no test is left out silently.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchains.sh

BUILD_PACKAGES="build-essential cmake ninja-build ccache pkg-config ca-certificates openssl
  libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler libssl-dev libspdlog-dev
  libtomlplusplus-dev nlohmann-json3-dev libcurl4-openssl-dev libsqlite3-dev
  libboost-program-options-dev libsystemd-dev libboost-dev prometheus-cpp-dev file python3
  libgtest-dev libgmock-dev libbenchmark-dev"
TEST_PACKAGES="git clang lld clang-tidy clang-format libclang-rt-14-dev python3-venv python3-yaml
  util-linux procps mmdebstrap systemd-container dbus
  nginx haproxy postgresql redis-server redis-tools
  softhsm2 libengine-pkcs11-openssl swtpm tpm2-openssl tpm2-tools
  docker.io containerd runc crun podman conmon catatonit uidmap busybox-static iptables"

fail() {
  echo "install-deps: $*" >&2
  exit 1
}

missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "needs root or sudo to run: $*"
  fi
}

apt_install() {
  local missing
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  echo "install-deps: installing" $missing
  as_root apt-get -qq update || fail "apt-get update failed; is there a network and a package source?"
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing \
    >/dev/null || fail "apt could not install:" $missing
}

# Tests start the services that they need; those of packages are not to start besides.
keep_services_down() {
  local policy=/usr/sbin/policy-rc.d
  [ ! -e "$policy" ] || return 0
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 0755 "$policy"
  trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
}

fetch_go() {
  apt_install golang-go
  [ -z "$(find_go)" ] || return 0
  local module folder
  module=$(go_toolchain_module)
  echo "install-deps: fetching $GO_TOOLCHAIN through the module proxy"
  (cd / && go mod download "$module") || fail "could not download the module $module"
  folder="$(go env GOMODCACHE)/$module"
  # Modules are unpacked read-only and without execute permission.
  chmod -R u+w "$folder"
  chmod +x "$folder"/bin/* "$folder"/pkg/tool/*/*
}

install_rust() {
  has_rust || apt_install rustc-web cargo-web
  has_rust || fail "no Rust $RUST_MINIMUM or newer, which Cedar needs: rustc on the PATH is" \
    "$(rustc --version 2>/dev/null || echo absent)"
}

install_toolchains() {
  [ -n "$(find_go)" ] || fetch_go
  [ -n "$(find_go)" ] || fail "no Go $GO_MINIMUM or newer, which tests/go.mod needs"
  has_java || apt_install default-jdk-headless maven
  has_java || fail "no JDK $JAVA_MINIMUM with maven, which tests/clients/java needs"
}

[ -r /etc/debian_version ] || fail "made for Debian; install the packages named in this file by hand"
case "${1:-test}" in
  build)
    apt_install $BUILD_PACKAGES
    install_rust
    ;;
  test)
    keep_services_down
    apt_install $BUILD_PACKAGES $TEST_PACKAGES
    install_rust
    install_toolchains
    ;;
  *) fail "usage: install-deps.sh [build|test]" ;;
esac
