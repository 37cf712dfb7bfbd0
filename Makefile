# Everything runs in the active virtual environment; where none is active, in .venv, which is made.
#   make demo     install, train logit adjustment and its baseline on the demo set, print their table and draw it
#   make test     install, run all tests, files at once   (PYTEST_ARGS="-k losses" for some of them)
#   make faults   install, kill runs, fill disks, damage files; the counts go into docs/reliability.md (half an hour)
#   make lint     install, check style, every config and the READMEs' tables
#   make types    install, check the types of the public rooms
#   make bench    install, run the benchmarks that need no data, print their table (an hour or so on a busy machine)
#   make docs     install, build the site into site/; warnings are errors
#   make release  install, build what is published into dist/, check it and use it outside of the repository
# PYTHON makes .venv; PIP installs (PIP="uv pip" with uv).

PYTHON ?= python3
conda := $(filter-out base,$(CONDA_DEFAULT_ENV))
env := $(or $(VIRTUAL_ENV),$(if $(conda),$(CONDA_PREFIX)),$(CURDIR)/.venv)
PIP ?= $(env)/bin/python -m pip
installed := $(env)/.mmlongtail-installed

# folders with results of our own and a README that shows them
measured := configs/collab configs/baselines/multilabel configs/pg configs/baselines/singlelabel configs/gcl configs/ncl

export VIRTUAL_ENV := $(env)
export PATH := $(env)/bin:$(PATH)

.PHONY: demo test faults bench lint types docs release install

# one thread a process: tiny models on several fight for cores and lose
demo test faults bench release: export OMP_NUM_THREADS = 1

demo: $(installed)
	python tools/demo.py

# more processes than that would need more memory than a laptop has
test: $(installed)
	python -m pytest -n auto --maxprocesses 4 --dist loadfile $(PYTEST_ARGS)

KILLS ?= 50

faults: $(installed)
	python -m pytest tests/faults -o python_files='fault_*.py' --kills $(KILLS) --write $(PYTEST_ARGS)

lint: $(installed)
	ruff check .
	ruff format --check .
	python tools/check_configs.py
	for folder in $(measured); do python tools/analysis/results_table.py --check $$folder/README.md || exit 1; done
	python tools/analysis/results_table.py --check README.md --csv $(measured:=/results.csv)

types: $(installed)
	python -m mypy

bench: $(installed)
	python tools/benchmarks/all.py $(BENCH)

docs: $(installed)
	$(PIP) install --no-build-isolation -e .[docs]
	NO_MKDOCS_2_WARNING=1 python -m mkdocs build --strict

release: $(installed)
	rm -rf dist
	python -m build --no-isolation
	python -m twine check --strict dist/*
	python -m pytest tests/release -o python_files='check_*.py' $(PYTEST_ARGS)

install: $(installed)

$(installed): requirements/tested.txt setup.py | $(env)/bin/python
	$(PIP) install -r requirements/tested.txt
	$(PIP) install --no-build-isolation -e .
	touch $@

$(env)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || \
		{ echo "the tested versions need Python 3.11 or 3.12: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(env)
