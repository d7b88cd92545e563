# Two commands do all the set-up: `make plan` runs the shipped example, `make test` runs all tests but the long ones, which
# `make test-long` runs, and those that need Spark and PostgreSQL, which `make test-engines` sets up.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: plan test test-long test-engines coverage mutate lint bench bench-attribution bench-mmm bench-optimizer fuzz browser packages docs tutorial clean

# the matrices of tests are small: threads of algebra would only wait for each other
test test-long test-engines coverage: export OPENBLAS_NUM_THREADS = 1
# pytest rewrites every assert, which takes 10 seconds a process: once, whatever the shell says of writing bytecode
test test-long test-engines coverage: export PYTHONDONTWRITEBYTECODE =

plan: $(VENV)/.installed
	$(BIN)/cac plan examples/quarter/plan.yaml

test: $(VENV)/.installed-dev browser
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	CHROMIUM="$$(sh .ci/browser $(BIN)/python)" $(BIN)/python -m pytest -n 2 --dist loadfile -m "not engines and not long"

# Long sampling, the example programs, the planner and the tool server driven for long, a run that is cut off, the workbook in LibreOffice.
test-long: $(VENV)/.installed-dev browser
	sh .ci/office
	CHROMIUM="$$(sh .ci/browser $(BIN)/python)" $(BIN)/python -m pytest -n 2 --dist loadfile -m "long and not engines"

test-engines: $(VENV)/.installed-engines
	sh .ci/engines
	$(BIN)/python -m pytest -m engines

# Branches that tests take; fails below the threshold in pyproject.toml.
coverage: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not engines and not browser" --cov --cov-report=term:skip-covered

# Small faults put into the most dangerous files, one at a time; fails where no test notices and docs/mutation.md gives no reason.
mutate: $(VENV)/.installed-dev
	$(BIN)/python tests/mutation/run.py

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/mypy

bench: bench-attribution bench-mmm bench-optimizer

bench-attribution: $(VENV)/.installed-dev
	$(BIN)/python tests/benchmarks/attribution_truth.py
	$(BIN)/python tests/benchmarks/attribution_sample.py
	$(BIN)/python tests/benchmarks/attribution_intervals.py
	$(BIN)/python tests/benchmarks/attribution_speed.py --states
	$(BIN)/python tests/benchmarks/attribution_speed.py

bench-mmm: $(VENV)/.installed-dev
	$(BIN)/python tests/benchmarks/mmm_speed.py
	$(BIN)/python tests/benchmarks/mmm_geo.py
	$(BIN)/python tests/benchmarks/mmm_calibration.py
	$(BIN)/python tests/benchmarks/mmm_truth.py
	$(BIN)/python tests/benchmarks/mmm_attainable.py
	$(BIN)/python tests/benchmarks/mmm_total.py
	$(BIN)/python tests/benchmarks/mmm_silent.py --seeds 3 --peers
	$(BIN)/python tests/benchmarks/mmm_hostile.py
	$(BIN)/python tests/benchmarks/mmm_tests.py
	$(BIN)/python tests/benchmarks/mmm_graph.py

bench-optimizer: $(VENV)/.installed-dev
	$(BIN)/python tests/benchmarks/optimizer_suite.py
	$(BIN)/python tests/benchmarks/optimizer_engines.py
	$(BIN)/python tests/benchmarks/promised_times.py
	$(BIN)/python tests/benchmarks/planning_truth.py
	$(BIN)/python tests/benchmarks/planning_riders.py
	$(BIN)/python tests/benchmarks/planning_hidden_demand.py

# Thousands of random plans and flights against arithmetic of their own; every one that differs is printed. Then tens of
# thousands of changed cells, files and plan files against a plain reading, other ones in each run. Then a run that is cut
# off at each of its steps on the disk.
fuzz: $(VENV)/.installed-dev
	$(BIN)/python -W error tests/benchmarks/optimizer_fuzz.py
	FUZZ=40 $(BIN)/python -m pytest -n 2 -p no:cacheprovider tests/attribution/test_door_cells.py tests/attribution/test_door_files.py tests/attribution/test_ga4_log.py tests/planning/test_door_plans.py
	FUZZ=1 $(BIN)/python -m pytest -n 0 -p no:cacheprovider tests/planning/test_ledger.py -k real

# The pages as a site in build/site, strict and without a network; it opens from the folder.
docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

# The tutorial run again from its first cell, its outputs kept beside the code.
tutorial: $(VENV)/.installed-docs
	$(BIN)/python tests/helpers/notebook_cells.py docs/tutorial.ipynb

browser: $(VENV)/.installed-dev
	@sh .ci/browser $(BIN)/python

# Sdist and wheel, installed into fresh environments of each Python from 3.11 to 3.14 that is here.
packages:
	sh .ci/packages $(PYTHON)

$(VENV)/.created:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	$(BIN)/cac prepare
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

$(VENV)/.installed-docs: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,docs]"
	touch $@

$(VENV)/.installed-engines: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,spark,postgres]"
	touch $@

# Both at once: pip takes a quarter of a minute to find that nothing lacks.
$(VENV)/.installed-all: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,docs,spark,postgres]"
	touch $(VENV)/.installed-docs $(VENV)/.installed-engines $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
