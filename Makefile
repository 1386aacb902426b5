# How everything here is run. Needs make, and Python 3.11 or later with its venv module; nothing else.

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
FITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done)
endif

DEMO_VIEWER := U0000015
DEMO_DAY := 2026-06-30

.PHONY: help demo docs test test-long test-spark lint bench load pins clean

help:  ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

demo: $(VENV)/.demo  ## make a sample company, print a manager's Success report, write it as a page
	@rm -rf demo
	$(BIN)/cs-metrics sample demo/data --engagements 1000 --seed 1
	$(BIN)/cs-metrics report demo/data --viewer $(DEMO_VIEWER) --as-of $(DEMO_DAY) --rows 3
	$(BIN)/cs-metrics report demo/data --viewer $(DEMO_VIEWER) --as-of $(DEMO_DAY) --out demo/success_report.html
	@echo; echo "The same as a page: demo/success_report.html"

docs: $(VENV)/.docs  ## build the documentation into site/, every example of the catalog computed anew
	$(BIN)/python tools/make_docs.py build
	cd build && ../$(BIN)/zensical build --clean --strict --config-file zensical.toml
	rm -rf site && mv build/site site
	$(BIN)/python tools/make_docs.py check

test: lint  ## lint, types and all tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-long: $(VENV)/.test  ## the property tests with at least 2,000 examples a metric
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -n 2 --dist worksteal

test-spark: $(VENV)/.test  ## the tests on a real Spark with executors of their own (needs Java 17 or later)
	$(INSTALL) --editable ".[cli,spark]"
	$(BIN)/python -m pytest -rs tests/test_spark.py tests/test_spark_cluster.py

lint: $(VENV)/.test  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.test  ## measure against Polars, DuckDB and pandas
	$(BIN)/python bench/report.py
	$(BIN)/python bench/review.py
	$(BIN)/python bench/load.py
	$(BIN)/python bench/revenue.py
	$(BIN)/python bench/customer_success.py
	$(BIN)/python bench/open.py
	$(BIN)/python bench/page.py
	$(BIN)/python bench/spark.py

load: $(VENV)/.test  ## the example service under load, beside the same on DuckDB, at 1,000,000 engagements
	@$(INSTALL) --group load
	$(BIN)/python examples/service/load.py

pins: $(VENV)/.made  ## find the versions in constraints.txt anew
	$(BIN)/python -m pip install --quiet uv
	(head -1 constraints.txt; $(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal \
	  --python-version 3.11 --all-extras --group test --group lint --group docs --group load \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links) > constraints.new
	mv constraints.new constraints.txt

clean:  ## remove what was made
	rm -rf $(VENV) demo build site dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment; the files .made, .demo, .docs and .test say what is in it, so that it is made once.

$(VENV)/.made:
	@$(PYTHON) -c '$(FITS)' 2>/dev/null || { \
	  echo "Python 3.11 or later with its venv module is needed; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml constraints.txt
	@echo "installing cs-metrics"
	@$(INSTALL) --editable ".[cli]"
	@touch $@

$(VENV)/.docs: $(VENV)/.made pyproject.toml constraints.txt
	@echo "installing cs-metrics and what its documentation is made with"
	@$(INSTALL) --editable ".[charts,cli]" --group docs
	@touch $@

$(VENV)/.test: $(VENV)/.made pyproject.toml constraints.txt
	@echo "installing cs-metrics and what its tests need"
	@$(INSTALL) --editable ".[cli]" --group test --group lint
	@touch $@
