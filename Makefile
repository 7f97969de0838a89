# Everything sets itself up: a virtual environment in .venv, one install, no second step.
# make demo | test | lint | docs | coverage | test-slow | test-browser | test-oldest | test-newest | test-backends | torture | bench | release | clean  PYTHON=python3.12 picks an interpreter
# make demo DATA=scans/ PATIENTS='(patient[0-9]+)'            on your pictures, and whose they are
# make bench BENCH=head OUT=docs/_data/benchmarks QUICK=1     one, into a folder, a smoke run

PYTHON ?= python3
VENV ?= .venv
OLDEST ?= .venv-oldest
NEWEST ?= .venv-newest
BACKENDS ?= .venv-backends
# Two processes; what the tests of a file share is made once.
TWO = -n 2 --dist loadfile
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DATA ?=
PATIENTS ?=
BENCH ?=
OUT ?=
QUICK ?=
TESTS ?=
ARGS ?=

.PHONY: demo test coverage test-slow test-browser test-oldest test-newest test-backends torture lint format docs bench release clean help

help:
	@sed -n '1,4s/^# //p' Makefile

# The stamp is newer than pyproject.toml exactly if what it asks for is installed.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "fusionlearn needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[openvino,plot,test,docs]"
	@touch $(READY)

demo: $(READY)
	$(BIN)/fusionlearn demo $(if $(DATA),--data "$(DATA)") $(if $(PATIENTS),--group-pattern '$(PATIENTS)')

test: $(READY)
	$(BIN)/python -m pytest $(TWO)

# Apart, since it makes the tests slower: branches that none of them takes.
coverage: $(READY)
	$(BIN)/python -m pytest $(TWO) --cov --cov-report=term

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

# Debian's Chromium and its driver, which root has installed and others are told to install.
test-browser: $(READY)
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null; } \
		|| { echo "A browser is missing. On Debian: sudo apt-get install chromium chromium-driver"; exit 1; }
	$(BIN)/python -m pytest -m browser tests/reporting

torture: $(READY)
	$(BIN)/python -m pytest -m torture tests/torture $(if $(OUT),--torture-out "$(OUT)")

# The lower bounds of pyproject.toml, taken at their word.
test-oldest:
	$(PYTHON) -m venv $(OLDEST)
	$(PYTHON) tools/lower_bounds.py > $(OLDEST)/oldest.txt
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check -c $(OLDEST)/oldest.txt -e ".[openvino,plot,test]"
	$(OLDEST)/bin/python -m pytest $(TWO) -W ignore::DeprecationWarning --ignore=tests/test_docs.py $(TESTS)

# The newest of everything, with what is not released yet: what will break is known before it does.
test-newest:
	$(PYTHON) -m venv $(NEWEST)
	$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check --pre --upgrade --upgrade-strategy eager -e ".[openvino,plot,test]"
	$(NEWEST)/bin/python -m pytest $(TWO) --ignore=tests/test_docs.py $(TESTS)

# Keras on JAX and on PyTorch: the same numbers, and what does not ask for TensorFlow by name.
test-backends: QUIET = -W "ignore:__array__ implementation:DeprecationWarning"  # Keras' own, of NumPy 2
test-backends:
	$(PYTHON) -m venv $(BACKENDS)
	$(BACKENDS)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[openvino,plot,test]" "jax>=0.4.30" "torch>=2.4"
	$(BACKENDS)/bin/python -m pytest tests/classifiers/test_other_backends.py
	KERAS_BACKEND=jax $(BACKENDS)/bin/python -m pytest $(TWO) $(QUIET) $(or $(TESTS),tests/fusion tests/features tests/classifiers)
	KERAS_BACKEND=torch $(BACKENDS)/bin/python -m pytest $(TWO) $(QUIET) $(or $(TESTS),tests/fusion tests/features tests/classifiers)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	$(BIN)/python docs/_ext/check_links.py docs/_build/html
	@echo "The documentation is in docs/_build/html/index.html"

bench: $(READY)
	$(BIN)/python -m benchmarks $(BENCH) $(if $(OUT),--out "$(OUT)") $(if $(QUICK),--quick)

# A rehearsal that changes nothing, unless ARGS=--no-dry-run: docs/development/releasing.rst.
release: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[release]"
	$(BIN)/python tools/release.py $(ARGS)

clean:
	rm -rf $(VENV) $(OLDEST) $(NEWEST) docs/_build docs/api/generated docs/gallery build dist *.egg-info .coverage* .pytest_cache .ruff_cache
