# Sourced: finds the tools of other languages that the interoperability tests
# need, and says which are missing. Nothing is installed here.

# Of tests/go.mod, and of agent/policy/cedar/Cargo.toml.
readonly GO_MINIMUM=1.25
readonly GO_TOOLCHAIN=go1.26.8
readonly RUST_MINIMUM=1.89
readonly JAVA_MINIMUM=17

at_least() {  # at_least HAVE WANT: versions in dotted form
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

go_version() {
  "$1" env GOVERSION 2>/dev/null | sed 's/^go//'
}

# The go program to use, or nothing. A distribution's older go can fetch a newer
# toolchain as a module (see fetch_go in install-deps.sh); it lies in the module cache.
find_go() {
  local go fetched
  go=$(command -v go) || return 0
  if at_least "$(cd / && go_version "$go")" "$GO_MINIMUM"; then
    echo "$go"
    return 0
  fi
  fetched="$("$go" env GOMODCACHE)/$(go_toolchain_module)/bin/go"
  [ -x "$fetched" ] && echo "$fetched"
  return 0
}

go_toolchain_module() {
  echo "golang.org/toolchain@v0.0.1-$GO_TOOLCHAIN.linux-$(dpkg --print-architecture)"
}

has_rust() {
  command -v cargo >/dev/null && command -v rustc >/dev/null &&
    at_least "$(rustc --version | cut -d' ' -f2)" "$RUST_MINIMUM"
}

has_java() {
  command -v mvn >/dev/null && command -v javac >/dev/null &&
    at_least "$(javac -version 2>&1 | cut -d' ' -f2)" "$JAVA_MINIMUM"
}
