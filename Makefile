# What people and CI run. `make` lists the targets.
#
# Every target builds in the dev profile, for the whole workspace and with no extra flags, so that none of them throws
# away what another has built. Before you give one of them a flag, a feature or RUSTFLAGS, see whether all can have it.

CARGO ?= cargo
TARGET_DIR = $(or $(CARGO_TARGET_DIR),target)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test lint fmt clients setup-tests clean

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

lint: ## check the formatting, then clippy with warnings as errors
	@CARGO='$(CARGO)' scripts/lint

fmt: ## format all code
	$(CARGO) fmt --all

clients: setup-tests ## try the clients whose toolchains and registries are reachable; names those that are not
	tests/clients/run

setup-tests: ## install what the tests need and is missing (part of `make test`)
	@scripts/setup-tests

clean: ## remove everything that was built, and the tests' Python environment
	$(CARGO) clean
	rm -rf target/venv
