# Everything this project does, by name. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STATIC := src/kalends/web/static/manifest.json
FRONTEND := $(shell find frontend -type f -not -path '*/node_modules/*' 2>/dev/null)

# Databases that live for one test need no disk: in memory they are cloned ten times as fast.
IN_MEMORY := $(shell [ -w /dev/shm ] && [ "$$(df -k --output=avail /dev/shm | tail -1)" -gt 8000000 ] && echo TMPDIR=/dev/shm)

# What only the tests need of npm is left out, but by them: to install everything anew for it takes ten seconds.
OMIT := --omit=dev

# Compiled modules are kept, whatever the environment says: to compile them anew is a second of every start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run demo unit test browser pictures prove lint bench lock clean setup-test
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check 'uv==0.9.30'

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.lock
	touch $@

$(STATIC): $(FRONTEND)
	cd frontend && npm ci $(OMIT) --no-audit --no-fund --silent && npm run --silent build

run: $(VENV)/.run $(STATIC) ## start Kalends; prints the address
	@exec $(BIN)/kalends up

demo: $(VENV)/.run $(STATIC) ## start Kalends with a sample company
	@exec $(BIN)/kalends demo

setup-test: OMIT :=
setup-test: $(VENV)/.dev $(STATIC)
	@bash tests/setup.sh

unit: $(VENV)/.dev ## pure tests, no server (20 s)
	$(BIN)/pytest -m unit -n 2 --dist worksteal

test: setup-test ## everything, on real parts
	$(IN_MEMORY) $(BIN)/pytest -n 3 --dist loadgroup

browser: setup-test ## the walks in Chromium alone
	$(IN_MEMORY) $(BIN)/pytest tests/browser

pictures: setup-test ## take the README's pictures anew
	$(BIN)/python tests/browser/screenshots.py docs/images

prove: setup-test ## the full counts of every "must hold"; hours; writes docs/proof.md
	$(BIN)/python benchmarks/prove.py

bench: $(VENV)/.dev ## the figures, each against a rival
	for file in benchmarks/ingest.py benchmarks/answers.py benchmarks/insights.py; do $(BIN)/python $$file || exit 1; done

lint: $(VENV)/.dev ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: $(BIN)/uv ## renew the lock files
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements-dev.lock

clean: ## remove what was built
	rm -rf $(VENV) frontend/node_modules src/kalends/web/static
