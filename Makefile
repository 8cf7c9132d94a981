# What a person types: `make demo` and `make test`. Everything they need, they set up.

# The first of these that is Python 3.11 or newer and can make environments is taken.
PYTHON ?= python3.11 python3 python3.12 python3.13 python3.14
VENV := .venv
BIN := $(VENV)/bin
OLD := .venv-oldest
# An ipykernel of the sixth line, which the browser tests' JupyterLab offers beside the newest.
KERNEL6 := .venv-ipykernel6
# Company networks sign with certificates that only the system knows; the older uv asks by the second name.
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1
UV_INSTALL = $(BIN)/uv pip install -q --build-constraints constraints.txt
# What is installed is only believed in once all of it is: see WHOLE.
INSTALL = touch $(VENV)/.busy && $(UV_INSTALL) --python $(BIN)/python -c constraints.txt
# Hundreds of processes would compile everything anew where Python is told to keep no bytecode.
unexport PYTHONDONTWRITEBYTECODE
# Hypothesis' own profile for such runs: the same examples each time, and no clock on a busy machine. What reads
# notebooks takes seconds to load, in each of the workers.
PYTEST = python -m pytest --hypothesis-profile=ci
WITHOUT_NBVAL = $(PYTEST) -p no:nbval
BROWSER = $(BIN)/$(WITHOUT_NBVAL) tests/browser -m
# Two browsers at a time, each with a JupyterLab of its own.
TWO = -n 2 --dist worksteal

# Whether $(VENV) is whole: made here, not left in the middle, its Python still there. If not, it is made anew.
WHOLE := $(shell [ "$$(cat $(VENV)/.place 2>/dev/null)" = "$$(pwd -P)" ] && [ ! -e $(VENV)/.busy ] \
	&& $(BIN)/python -c "" 2>/dev/null && echo yes)
ifneq ($(WHOLE),yes)
$(shell rm -f $(VENV)/.uv $(OLD)/.made $(KERNEL6)/.made)
endif

.PHONY: demo notebook test scenarios pictures docs proof oldest lint constraints clean
.DELETE_ON_ERROR:
.NOTPARALLEL:

demo: $(VENV)/.run
	@$(BIN)/migma-nb demo

# JupyterLab at the quickstart, which mails to the sandbox: in the browser, or where there is none at the address that
# it prints. No news and no updates are asked for.
notebook: $(VENV)/.dev
	@$(BIN)/jupyter lab --ServerApp.root_dir=notebooks --LabApp.default_url=/lab/tree/01_quickstart.ipynb \
		--LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate \
		$(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

$(VENV)/.uv:
	@echo "Setting up $(VENV) ..."
	@rm -rf $(VENV)
	@for python in $(PYTHON); do \
		if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			exec $$python -m venv $(VENV); \
		fi; \
	done; \
	echo "Python 3.11 or newer with its venv module was not found among: $(PYTHON)." >&2; \
	echo "Install it (on Debian and Ubuntu with python3-venv), or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt uv
	@pwd -P > $(VENV)/.place
	@touch $@

$(VENV)/.run: $(VENV)/.uv pyproject.toml constraints.txt
	@$(INSTALL) -e . && rm $(VENV)/.busy
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@$(INSTALL) -e '.[all]' --group dev && rm $(VENV)/.busy
	@touch $@

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: $(VENV)/.dev $(KERNEL6)/.made
	$(BIN)/$(PYTEST) -n 2 --dist loadfile --nbval-lax --nbval-current-env -p no:cacheprovider \
		-o filterwarnings=default notebooks
	$(BIN)/$(WITHOUT_NBVAL) -n 6 --dist worksteal --ignore=tests/browser
	$(BROWSER) 'browser and not proof' $(TWO)

# The browser tests ten times in a row: what fails once in ten is no proof. Pictures stay in artefacts/.
scenarios: $(VENV)/.dev $(KERNEL6)/.made
	@for round in 1 2 3 4 5 6 7 8 9 10; do echo "Round $$round of 10"; $(BROWSER) browser $(TWO) || exit 1; done

# The README's pictures, by the same tests.
pictures: $(VENV)/.dev $(KERNEL6)/.made
	$(BROWSER) 'browser and not proof' --pictures

# The page on the command line, from the command line itself; `make test` fails where it is out of date.
docs: $(VENV)/.dev
	$(BIN)/python tools/make_cli_docs.py

$(KERNEL6)/.made: $(VENV)/.uv pyproject.toml constraints.txt
	@echo "Setting up $(KERNEL6) ..."
	@rm -rf $(KERNEL6)
	@$(BIN)/uv venv -q --no-project --python $(BIN)/python $(KERNEL6)
	@grep -v '^ipykernel==' constraints.txt > $(KERNEL6)/constraints.txt
	@$(UV_INSTALL) --python $(KERNEL6)/bin/python -c $(KERNEL6)/constraints.txt -e '.[notebook,plot]' \
		'ipykernel==6.31.0' 'nest-asyncio==1.6.0'
	@touch $@

# What takes longer: the oldest supported versions, the wheel in an empty environment, kills by the hundred, long
# random histories, PostgreSQL throughout, short benchmarks, and the browser again, on both kernels.
proof: oldest $(KERNEL6)/.made
	$(BIN)/$(WITHOUT_NBVAL) -m 'proof and not browser' -n 2 --dist worksteal --ignore=tests/browser
	$(BROWSER) browser $(TWO)

# Each room on the oldest versions that pyproject.toml allows; what is long is left to `make test`, and so is what
# needs schemathesis, which asks for a newer pytest than the oldest, and what names its own two kernels.
oldest: $(VENV)/.dev $(OLD)/.made
	$(OLD)/bin/$(WITHOUT_NBVAL) -n 6 --dist worksteal -p no:cacheprovider --ignore=tests/browser \
		--ignore=tests/sandbox/test_conformance.py \
		-k 'not fault and not killed and not history and not ipykernel'

$(OLD)/.made: $(VENV)/.uv pyproject.toml constraints-oldest.txt
	@echo "Setting up $(OLD) ..."
	@rm -rf $(OLD)
	@$(BIN)/uv venv -q --no-project --python $(BIN)/python $(OLD)
	@$(UV_INSTALL) --python $(OLD)/bin/python -c constraints-oldest.txt -e '.[all]' --group test
	@touch $@

COMPILE = $(BIN)/uv pip compile -q --upgrade --python-version 3.11 --all-extras --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links pyproject.toml

constraints: $(VENV)/.uv
	@{ echo "# The versions that the project is built and tested with (Python 3.11 and newer); 'make constraints' makes it anew."; \
	$(COMPILE) --group dev; } > constraints.new && mv constraints.new constraints.txt
	@{ echo "# The oldest versions that the project supports, as 'make oldest' tries them; 'make constraints' makes it anew."; \
	$(COMPILE) --group test --resolution lowest-direct; } > constraints.new && mv constraints.new constraints-oldest.txt

clean:
	rm -rf $(VENV) $(OLD) $(KERNEL6) build dist out artefacts migma-nb-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis constraints.new
