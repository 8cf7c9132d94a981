# What a person types: `make demo` and `make test`. Everything they need, they set up.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Company networks sign with certificates that only the system knows.
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1
UV_INSTALL = $(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt

.PHONY: demo test proof lint constraints clean

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
	$(BIN)/python -m pytest -n 4
	$(BIN)/python -m pytest --nbval-lax -p no:cacheprovider -o filterwarnings=default notebooks

# Longer proofs: the oldest supported versions, and the wheel with no extras in an empty environment.
proof: $(VENV)/.dev
	rm -rf .venv-oldest .venv-wheel dist
	$(BIN)/uv venv -q --python $(BIN)/python .venv-oldest
	$(BIN)/uv pip install -q --python .venv-oldest/bin/python -c constraints-oldest.txt -e '.[excel,parquet]' pytest pytest-timeout hypothesis
	.venv-oldest/bin/python -m pytest -q tests/api tests/ledger tests/planning tests/notebook tests/test_exports.py \
	tests/sending/test_send.py -k 'not fault and not killed'
	$(BIN)/uv build -q --wheel
	$(BIN)/uv venv -q --python $(BIN)/python .venv-wheel
	$(BIN)/uv pip install -q --python .venv-wheel/bin/python -c constraints.txt dist/*.whl
	cd dist && ../.venv-wheel/bin/migma-nb --version && ../.venv-wheel/bin/migma-nb demo

constraints: $(VENV)/.uv
	@{ echo "# The versions that the project is built and tested with (Python 3.11 and newer); 'make constraints' makes it anew."; \
	$(BIN)/uv pip compile -q --upgrade --python-version 3.11 --all-extras --group dev --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links pyproject.toml; } > constraints.new && mv constraints.new constraints.txt

clean:
	rm -rf $(VENV) .venv-oldest .venv-wheel build dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis
