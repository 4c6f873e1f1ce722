# What people and CI run. `make` lists the targets.
#
# Every target builds in the dev profile, for the whole workspace and with no extra flags, so that none of them throws
# away what another has built. Before you give one of them a flag, a feature or RUSTFLAGS, see whether all can have it.

CARGO ?= cargo
TARGET_DIR = $(or $(CARGO_TARGET_DIR),target)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test lint fmt clients screenshots setup-tests clean bench bench-peers soak fuzz deny advisories

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: ## build, and start a server to try things out with
	$(CARGO) build --workspace
	$(TARGET_DIR)/debug/countersign dev

test: setup-tests lint ## install what the tests need, lint, run every test
	@set -e; if $(CARGO) nextest --version >/dev/null 2>&1; then \
	    set -x; $(CARGO) nextest run --workspace; $(CARGO) test --doc --workspace; \
	else \
	    set -x; $(CARGO) test --workspace; \
	fi
	@CARGO='$(CARGO)' scripts/wasm

lint: ## check the formatting, clippy with warnings as errors, then dependencies
	@CARGO='$(CARGO)' scripts/lint

fmt: ## format all code
	$(CARGO) fmt --all

bench: ## measure, each figure beside its limit (a release build, then some minutes)
	$(CARGO) build --release -p countersign-cli -p countersign-bench
	GLIBC_TUNABLES=glibc.malloc.hugetlb=1 $(TARGET_DIR)/release/countersign-bench

bench-peers: ## measure other verifiers beside their limits and Countersign (a release build of a workspace of its own)
	$(CARGO) run --release --manifest-path benches/peers/Cargo.toml

clients: ## test with the Go and Java SDKs, where their toolchains and registries are reachable; names what is not
	$(CARGO) build --workspace
	tests/clients/run $(TARGET_DIR)/debug/countersign

screenshots: setup-tests ## every page of the console, light and dark, in both languages and two widths, into target/screenshots
	$(CARGO) test -p countersign-cli --test it -- --ignored console::screenshots::

soak: setup-tests ## tampering with every byte, more crashes, and whether time tells; takes minutes
	COUNTERSIGN_LONG=1 $(CARGO) test --workspace --test it -- --nocapture tamper:: durability:: timing::

fuzz: ## look for bytes that break a law of the signature core: each target for FUZZ_SECONDS (60)
	@CARGO='$(CARGO)' scripts/fuzz

deny: ## check what dependencies there may be, their licences and where they come from
	@CARGO='$(CARGO)' scripts/deny bans licenses sources

advisories: ## check dependencies for known vulnerabilities; needs the network
	@CARGO='$(CARGO)' scripts/deny advisories

setup-tests: ## install what the tests need and is missing (part of `make test`)
	@scripts/setup-tests

clean: ## remove everything that was built, and what the tests installed
	$(CARGO) clean
	rm -rf target/venv target/axe target/node target/clients target/screenshots benches/peers/target
