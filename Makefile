# Two commands: `make demo` and `make test`. Both set up .venv themselves.
.DEFAULT_GOAL := help
.PHONY: help install dev demo test lint eval bench soak lock clean

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
# One line a step: what is done, how long it took; what was printed, when it fails.
STEP := @$(PYTHON) infra/step.py
AUDIO ?=

help: ## What can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

install: .venv/.installed ## Set up .venv with the service and, where its wheels exist, the engine

.venv/.installed: requirements.txt requirements-engine.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Stenolog needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 3; }
	@test -x $(BIN)/python || $(PYTHON) infra/step.py "make .venv" $(PYTHON) -m venv .venv
	$(STEP) "install the libraries of the service" \
		$(PIP) install --require-hashes -r requirements.txt
	@$(PYTHON) infra/step.py "install the engine" sh -c \
		'$(PIP) install --require-hashes --only-binary :all: -r requirements-engine.txt >.venv/engine.log 2>&1' \
		|| true
	$(STEP) "install stenolog" $(PIP) install --no-build-isolation --no-deps -e .
	@$(BIN)/python infra/engine_installed.py && touch $@ || echo "make install tries again"

dev: .venv/.dev

.venv/.dev: .venv/.installed requirements-dev.txt
	$(STEP) "install the tools of the tests" \
		$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

demo: install ## Transcribe real speech through the whole service; AUDIO=path-or-url for your own
	@$(BIN)/stenolog demo $(if $(AUDIO),"$(AUDIO)")

test: dev lint ## Lint, types, every test
	$(STEP) --show "run the tests" $(BIN)/python -m pytest

lint: dev ## Format, lint, types, import rules
	$(STEP) "check the format" $(BIN)/ruff format --check service tests infra
	$(STEP) "lint" $(BIN)/ruff check service tests infra
	$(STEP) "check the types" $(BIN)/mypy
	$(STEP) "check the import rules" $(BIN)/lint-imports --no-cache

eval: dev ## How good the engine is, on speech with references; fetches 64 MB once; AUDIO=folder of more
	$(STEP) --show "evaluate" $(BIN)/python -m infra.eval $(if $(AUDIO),--audio "$(AUDIO)")

bench: dev ## Speed and memory, against bare baselines of the same run
	$(STEP) --show "measure" $(BIN)/python -m infra.bench

soak: dev ## What takes longer than a test may
	$(STEP) --show "run what takes longer" $(BIN)/python -m pytest -m soak --timeout 900
	@HYPOTHESIS_PROFILE=soak $(PYTHON) infra/step.py --show "try many more examples" \
		$(BIN)/python -m pytest tests/properties --timeout 900
	@for tool in nginx caddy java strace; do command -v $$tool >/dev/null || echo "not tried, because it is not installed: $$tool"; done

lock: ## Write the requirement files anew from pyproject.toml
	@sh infra/lock.sh

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
