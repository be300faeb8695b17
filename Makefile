# The same steps that .ci/run takes, one by one.
PYTHON ?= .venv/bin/python

.PHONY: help docs pictures setup format lint types imports test check bench

help:  ## what can be done here
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

setup:  ## a virtual environment with all that development needs
	python3 -m venv .venv
	.venv/bin/pip install -q -e '.[dev]'

static:  ## the libraries that run in browsers, from the npm registry into webapp/static/vendor
	npm ci --silent --no-audit --no-fund --prefix browser_parts
	cd browser_parts && npm run --silent build

translations:  ## collect the texts of the pages and compile the catalogues (DOMAIN=shared: only that one)
	$(PYTHON) tests/translations/update_catalogues.py $(DOMAIN)

format:  ## lay the code out
	$(PYTHON) -m ruff format .

lint:  ## ruff
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:  ## the strict type checker
	$(PYTHON) -m mypy

imports:  ## who may import whom
	$(dir $(PYTHON))lint-imports

test:  ## all tests
	$(PYTHON) -m pytest

docs:  ## the documentation as a site in build/site
	$(dir $(PYTHON))mkdocs build --strict

pictures:  ## those of the documentation, taken anew from the browser tests
	SURVEY_SCREENSHOTS=build/screenshots $(PYTHON) -m pytest -q tests/browser/test_all_pages.py
	$(PYTHON) tests/docs/take_pictures.py build/screenshots

check: lint types imports test  ## everything that CI checks

bench:  ## the benchmarks, one table each
	for bench in tests/bench/bench_*.py; do $(PYTHON) $$bench || exit 1; done
