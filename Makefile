# make run: start the app.  make test: all tests, the browser ones included.  make bench: the measured table.  make check: lint, types, imports.
# make docs: the reference of nnviz.core as web pages, in site/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501

# What is imported is compiled once, also where the environment says not to keep it: the tests start some hundred processes.
export PYTHONDONTWRITEBYTECODE :=

# uv takes seconds where pip takes a minute and a half; pip knows indexes that uv is not told of.
install = $(BIN)/python -m uv pip install --quiet --python $(BIN)/python -r $(1) || $(BIN)/python -m pip install --quiet -r $(1)

.PHONY: run test check format bench chromium docs clean

$(VENV)/.installed: requirements.txt requirements-dev.txt docs/requirements.txt
	$(PYTHON) -c 'import sys; sys.exit("nnviz needs Python 3.11 or newer, and this is " + sys.version.split()[0] + ": call make with PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(call install,requirements.txt)
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(call install,requirements-dev.txt)
	touch $@

run: $(VENV)/.installed
	@echo "nnviz opens at http://localhost:$(PORT)"
	$(BIN)/python -m streamlit run app.py --server.port $(PORT) --server.headless true

# Beside the installing of the rest; where only Playwright can bring one, the tests look again.
chromium:
	-$(PYTHON) -m tests.browser.chromium

test: $(VENV)/.installed-dev chromium
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet -r requirements.txt -r benchmarks/requirements.txt
	$(VENV)-bench/bin/python -m benchmarks

docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -r docs/requirements.txt
	$(BIN)/python -m docs.reference site
	@echo "The reference stands in site/nnviz/core.html"

clean:
	rm -rf $(VENV) $(VENV)-bench site .pytest_cache .mypy_cache .ruff_cache .hypothesis
