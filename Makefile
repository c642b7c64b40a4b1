# The project's commands. Each makes its environment in .venv first; Python 3.11 or newer is all that is needed.
PROFILE ?= smoke
ROUNDING ?= this
PYTHON ?= python3
BIN := .venv/bin

.PHONY: book site publish references test unit pages test-elsewhere lint clean

book: .venv/ready  ## execute every page at PROFILE and build the HTML in _build/PROFILE
	$(BIN)/intelvae book --profile $(PROFILE)

site: .venv/ready  ## render the published pages, running nothing
	$(BIN)/intelvae book --site

publish: .venv/ready  ## execute the pages at PROFILE and write book/*.ipynb
	$(BIN)/intelvae book --publish --profile $(PROFILE)

references: .venv/ready  ## refresh the smoke references in tests/notebooks
	$(BIN)/intelvae book --references

lint: .venv/ready  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint unit pages  ## all that has to pass; CI runs the three side by side, and .ci/wheel

unit: .venv/ready  ## unit tests and doctests
	$(BIN)/pytest -q -n auto --dist loadfile

pages: .venv/ready  ## the pages against their references, a strict build of the published book, in a browser
	$(BIN)/intelvae book --check --rounding $(ROUNDING)
	$(BIN)/intelvae book --site
	$(BIN)/pytest -q -rs -n auto -o addopts= --confcutdir tests/browser tests/browser

test-elsewhere: .venv/ready  ## the pages against their references, as processors of other kinds round
	$(BIN)/intelvae book --check
	$(BIN)/intelvae book --check --rounding avx2
	$(BIN)/intelvae book --check --rounding sse41

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with make PYTHON=...")'
	$(PYTHON) -c 'import platform, sys; sys.exit((sys.platform, platform.machine()) == ("darwin", "x86_64") and "there is no torch for Intel Macs any more")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf _build .venv
