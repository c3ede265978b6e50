# Everything starts here; `make help` lists it. What each target does in detail: deploy/README.md.

SHELL := /bin/bash
.SHELLFLAGS := -u -o pipefail -c
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

python := .venv/bin/python
lock := uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 \
  --all-extras --quiet --no-emit-package stateset-ves --no-emit-package stateset-sequencer-client \
  --output-file requirements.lock pyproject.toml deploy/local/tools.in

.PHONY: help up down reset status demo test check fix generate bench soak lock tools

##@ Run

up: ## install what is missing, start everything, end with a verified receipt (PORT, GRPC_PORT, DATABASE_URL, VES_ENGINE, VES_CHAIN)
	@deploy/local/system up

down: ## stop everything that `make up` started; data stays
	@deploy/local/system down

reset: ## stop, then delete data, keys and logs without asking
	@deploy/local/system reset

status: ## show what runs
	@deploy/local/system status

demo: ## play a season of a real shop as signed events and prove it (needs `make up`)
	@PYTHONPATH=examples $(python) -m shop

##@ Work on it

test: check ## install what the tests need, run every check, then every test; does not need `make up`
	@$(python) -m pytest --only-listed-skips -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart 0

check: tools ## formatting, lint, types, import rules, SQL, images, compose file
	@deploy/local/check

fix: tools ## format and repair what can be repaired mechanically
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .
	@.venv/bin/sqlfluff fix --disable-progress-bar sql plpython/wrappers
	@contracts/node_modules/.bin/forge fmt --root contracts

generate: tools ## write what is made from the code: baseline migration, error codes, PL/Python functions, typed database calls, gRPC messages, docs/reference
	@$(python) -m ves_install.generate
	@$(python) -m tests.support.generated_wrappers
	@$(python) -m tests.support.generated_calls
	@$(python) -m tests.support.generated_rpc
	@$(python) -m tests.docs
	@PYTHONPATH=contracts $(python) -m ves_contracts.build

bench: tools ## measure; prints a table and JSON, keeps the result under tests/bench/results
	@$(python) -m tests.bench

soak: tools ## the long forms of the fault and load tests (TESTS: which, SIZE: how many times as much)
	@$(python) -m pytest -m soak -s --size $(or $(SIZE),1) $(TESTS)

lock: tools ## resolve pyproject.toml again into requirements.lock, with hashes (add UPGRADE=--upgrade for newer releases)
	@.venv/bin/$(lock) $(UPGRADE)

tools:
	@deploy/local/bootstrap --tests

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
