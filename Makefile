# The two commands: `make demo` and `make test`. The rest is for working on Surety.
.PHONY: demo test build package bench fuzz format lint clean
.DEFAULT_GOAL := build
JOBS ?= $(shell nproc)

demo:   ## Build suretyd and surety, and watch a workload get its identity
	@scripts/install-deps.sh build
	@cmake --preset release >/dev/null
	@cmake --build build/release --parallel $(JOBS) --target suretyd surety
	@scripts/demo.sh build/release/bin

test:   ## Everything: unit, contract, flow, e2e, attack, engines, interop, house rules, sanitizers, fuzz corpora
	@scripts/test.sh

build:  ## The release build, test programs included
	@cmake --preset release
	@cmake --build build/release --parallel $(JOBS)

package: ## The Debian package, in build/release
	@scripts/install-deps.sh build
	@cmake --preset release >/dev/null
	@cmake --build build/release --parallel $(JOBS) --target suretyd surety workload-api-conformance
	@cd build/release && cpack

bench: build  ## The figures of docs/benchmarks.md on this machine
	@cmake --build build/release --parallel $(JOBS) --target benchmarks
	@scripts/bench.sh build/release

fuzz:   ## Each fuzz target for a while; SECONDS_EACH=60
	@scripts/fuzz.sh

format: ## clang-format over all C++ files
	@scripts/format.sh

lint: build  ## clang-tidy over all C++ files; reads generated headers
	@scripts/lint.sh build/release

clean:  ## Remove everything built
	rm -rf build
