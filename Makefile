# What a person types: `make demo` and `make test`. Everything they need, they set up.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
UV_INSTALL = $(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt

.PHONY: demo test lint constraints clean

demo: $(VENV)/.run
	@$(BIN)/migma-nb demo

$(VENV)/.uv:
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv
	@touch $@

$(VENV)/.run: $(VENV)/.uv pyproject.toml constraints.txt
	@$(UV_INSTALL) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@$(UV_INSTALL) -e '.[all]' --group dev
	@touch $@

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest

constraints: $(VENV)/.uv
	@{ echo "# The versions that the project is built and tested with (Python 3.11 and newer); 'make constraints' makes it anew."; \
	$(BIN)/uv pip compile -q --upgrade --python-version 3.11 --all-extras --group dev --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links pyproject.toml; } > constraints.new && mv constraints.new constraints.txt

clean:
	rm -rf $(VENV) .venv-* build dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis
