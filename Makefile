# Every target below works on a clean checkout: the virtual environment is made by the first one that needs it.
# `make PYTHON=python3.12 check` picks another interpreter (3.11, 3.12 or 3.13).

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup check format test npm-relay relays demo bench clean

help:            ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(STAMP)  ## the virtual environment, with the pinned versions of constraints.txt

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[relay,dev]' -c constraints.txt
	touch $(STAMP)

check: $(STAMP)  ## style, types, import direction, house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/unit/test_tidy.py tests/unit/test_codes.py

format: $(STAMP) ## what ruff can put right by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: $(STAMP)   ## all tests; with node and npm at hand also those against nostr-tools
	@if command -v npm >/dev/null && [ -f tests/interop/package.json ]; then \
	    cd tests/interop && npm install --no-progress; \
	else \
	    echo "no npm or no tests/interop/package.json: the tests against nostr-tools will be skipped"; \
	fi
	$(BIN)/pytest -q

npm-relay:       ## the npm relay (it compiles for minutes); `make test` then runs its tests too
	cd tests/relays/npm && npm install --no-progress

relays: $(STAMP) npm-relay ## the npm relay and the relay contract with it
	$(BIN)/pytest -q tests/integration/test_relay_contract.py tests/relays

demo: $(STAMP)   ## orders, points and a stranger's check of them, on an embedded relay
	$(BIN)/nostr-loyalty demo --once

bench: $(STAMP)  ## orders per second, latency and memory on this machine
	$(BIN)/python -m bench

clean:           ## forget the environment and every cache
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
