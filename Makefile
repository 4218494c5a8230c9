# Two commands on a fresh machine: `make run` and `make test`. Needs Python 3.11 or later and make, nothing else.
PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check -q

.PHONY: run test install lint clean

run: $(VENV)/.installed
	$(VENV)/bin/kuaihui serve --demo $(ARGS)

test: $(VENV)/.tested
	$(VENV)/bin/python -m pytest -n auto $(ARGS)

install: $(VENV)/.installed

lint: $(VENV)/.tested
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/python tools/prove.py

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Kuaihui needs Python 3.11 or later; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

# The optional parts are tried one by one: a machine that cannot have one still gets the rest.
$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(PIP) install -e .
	for extra in fast semantic wecom xlsx; do $(PIP) install -e ".[$$extra]" || echo "optional part '$$extra' left out: this machine cannot install it"; done
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(PIP) install -e ".[test]"
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
