# 集采节约与结余留用 · what you can type. `make reports` and `make test` set up all that they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PYTHONHASHSEED := 0
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
WORKERS ?= 2

.PHONY: help reports test test-long lab notebooks bench rehearsal validate lint clean
help:
	@echo "make reports    environment, demonstration inputs, a report for every city, the index"
	@echo "make test       tests, notebooks (nbval, strict), pages (headless Chromium where installed), lint"
	@echo "make lab        JupyterLab on the notebooks"
	@echo "make notebooks  execute the notebooks and store their outputs anew"
	@echo "make lint | bench | rehearsal | validate | test-long | clean"

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed; this is ' + sys.version.split()[0] + '. Try: make PYTHON=python3.11')"
	@echo "Setting up $(VENV) (once; one to three minutes, about 1.2 GB) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $(READY)

reports: $(READY)
	@$(BIN)/vbp demo data/inputs/demo --hospitals 12
	@$(BIN)/vbp report --all --no-quiet

test: $(READY) lint
	@$(BIN)/python -m pytest tests -n $(WORKERS)
	@$(BIN)/python -m pytest --nbval --nbval-sanitize-with tests/nbval.cfg notebooks -n $(WORKERS)

test-long: $(READY)
	@$(BIN)/python -m pytest tests -m "long or not long" -n $(WORKERS)

lint: $(READY)
	@$(BIN)/ruff check --quiet lib tests
	@$(BIN)/ruff format --check --quiet lib tests || (echo "Not in the house's format: run $(BIN)/ruff format lib tests"; exit 1)
	@$(BIN)/mypy

lab: $(READY)
	@cd notebooks && ../$(BIN)/jupyter lab --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate

notebooks: $(READY)
	@$(BIN)/python tests/store_notebooks.py

bench: $(READY)
	@for part in tests/bench/bench_*.py; do $(BIN)/python $$part || exit 1; done

rehearsal: $(READY)
	@$(BIN)/python tests/rehearsal.py

validate: $(READY)
	@for part in tests/validate/validate_*.py; do $(BIN)/python $$part || exit 1; done

clean:
	@rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis
