# The words of this project; CI and people use the same ones. `make demo` and `make test` need Python 3.10-3.13,
# make and a network, nothing else.
PYTHON ?= python3
VENV ?= .venv
DEMO_OUT ?= demo-out
# Tests run side by side, one process a core and one thread in each; four take about 8 GiB of memory.
SIDE_BY_SIDE := -n logical --maxprocesses 4 --dist worksteal
test test-slow: export OMP_NUM_THREADS = 1
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow check fmt lint types arch wheel-test evaluate regress bench man clean

help:
	@echo "make demo        install into $(VENV) and render the demo film into $(DEMO_OUT)"
	@echo "make test        install what tests need and run the fast ones"
	@echo "make test-slow   the other tests"
	@echo "make check       lint, types, arch and test: what must pass before a change goes in"
	@echo "make fmt         format the code"
	@echo "make lint        ruff: lint and format"
	@echo "make types       mypy --strict"
	@echo "make arch        import-linter: who may import whom"
	@echo "make wheel-test  build the wheel and test it away from this checkout"
	@echo "make evaluate    measure the shipped weights and write docs/evaluation.md"
	@echo "make regress     render the demo suite and hold it against its goldens"
	@echo "make bench       measure the model, the start, a render and a whole film against its decoding"
	@echo "make man         write a man page for each command into man/"
	@echo "make clean       remove what was built and rendered here"

# Stamps: each step of the installation runs again only when pyproject.toml has changed.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "$(PYTHON) is not Python 3.10 to 3.13; name one that is: make PYTHON=python3.12 ..." >&2; exit 1; }
	@# Debian and Ubuntu leave pip out of venv unless python3-venv is installed; then pip comes from its registry.
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || \
	  { rm -rf $(VENV) && $(PYTHON) -m venv --without-pip $(VENV) && $(BIN)/python .ci/fetch_pip.py; } || \
	  { rm -rf $(VENV); echo "no virtual environment could be made; install it with: apt install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml
	$(PIP) -e .
	@touch $@

$(VENV)/.test: $(VENV)/.installed pyproject.toml
	$(PIP) -e '.[test]'
	@touch $@

$(VENV)/.dev: $(VENV)/.test pyproject.toml
	$(PIP) -e '.[dev]'
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/vssflow-post demo -o $(DEMO_OUT)

test: $(VENV)/.test
	$(BIN)/python -m pytest -m "not slow" $(SIDE_BY_SIDE)

test-slow: $(VENV)/.test
	@# pytest exits with 5 when no test is marked slow.
	$(BIN)/python -m pytest -m slow $(SIDE_BY_SIDE) || [ $$? -eq 5 ]

check: lint types arch test

fmt: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

arch: $(VENV)/.dev
	$(BIN)/lint-imports

wheel-test: $(VENV)/.dev
	VENV=$(VENV) bash .ci/wheel-test

evaluate: $(VENV)/.installed
	$(PIP) -e '.[evaluate]'
	@# Its own requirements name a webrtcvad that has to be compiled and an obsolete `typing`; what it needs is installed.
	$(PIP) --no-deps Resemblyzer
	$(BIN)/vssflow-post model evaluate -o docs

regress: $(VENV)/.installed
	$(BIN)/vssflow-post regress check tests/demo-suite.toml

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/model_speed.py
	$(BIN)/python benchmarks/start_up.py
	$(BIN)/python benchmarks/render_speed.py
	$(BIN)/python benchmarks/whole_film.py

man: $(VENV)/.dev
	mkdir -p man
	@# Plugins add their commands when the commands are asked for.
	$(BIN)/python -c 'from click_man.core import write_man_pages; from vssflow_post.cli import cli; \
	  cli.list_commands(None); write_man_pages("vssflow-post", cli, target_dir="man")'

clean:
	rm -rf build dist man *.egg-info $(DEMO_OUT) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
