# Needs make and Python 3.11, 3.12 or 3.13 with venv; everything else goes into .venv.
# PYTHON=/path/to/python chooses another interpreter than the one found.

BIN := .venv/bin
INSTALLED := .venv/installed
TOOLS := .venv/installed-tools
WORKERS ?= $(shell [ "$$(nproc 2>/dev/null || echo 2)" -gt 4 ] && echo 4 || echo 2)

.DEFAULT_GOAL := help
.PHONY: help install demo run test prove chaos fuzz lint bench clean

help:
	@echo "make demo      install, start everything on a sample shop, say how to sign in"
	@echo "make run       install and start an empty instance"
	@echo "make install   only the .venv with the cohort command"
	@echo "make test      install what the tests need and run all of them"
	@echo "make prove     the rule language with 10,000 random rules (a quarter of an hour)"
	@echo "make chaos     campaigns of 20,000 through ten kill -9 each (half an hour); SEEDS=3,8-12 chooses them"
	@echo "make fuzz      ten minutes of Schemathesis against the API; SECONDS=60 SEED=7 choose others"
	@echo "make lint      ruff, mypy, bandit, and known weaknesses of the packages where they can be asked for"
	@echo "make bench     the benchmarks"
	@echo "make clean     remove .venv and caches; the data stays"

install: $(INSTALLED)

demo: $(INSTALLED)
	@exec $(BIN)/cohort demo

run: $(INSTALLED)
	@exec $(BIN)/cohort run

test: $(TOOLS)
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

prove: $(TOOLS)
	HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -n $(WORKERS) \
		$(addprefix tests/segments/test_,agreement.py bad_input.py local_days.py spoken_combinations.py) $(ARGS)

SEEDS ?= 1-9
PEOPLE ?= 20000
KILLS ?= 10

chaos: $(TOOLS)
	CHAOS=1 $(BIN)/python -m pytest tests/chaos
	@$(BIN)/python -m tests.chaos --people $(PEOPLE) --kills $(KILLS) --seeds $(SEEDS) $(ARGS)

SECONDS ?= 600

fuzz: $(TOOLS)
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(ARGS)

lint: $(TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml app models pages tasks
	@$(BIN)/python .ci/audit-packages
	@if [ -x $(BIN)/hadolint ]; then $(BIN)/hadolint Dockerfile; fi

bench: $(TOOLS)
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

# An interpreter in range that can make an environment; the newest with venv wins over one without.
define FIND_PYTHON
found=; bare=; \
for name in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	path=$$(command -v "$$name" 2>/dev/null) || continue; \
	"$$path" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || continue; \
	if "$$path" -c 'import venv, ensurepip' 2>/dev/null; then found=$$path; break; fi; \
	bare=$$path; \
done; \
if [ -z "$$found" ]; then \
	if [ -n "$$bare" ]; then \
		echo "$$bare has no venv or ensurepip module; on Debian and Ubuntu: apt install python3-venv" >&2; \
	else \
		echo "Python 3.11, 3.12 or 3.13 is needed and none is on the PATH; name one with make PYTHON=/path/to/python" >&2; \
	fi; \
	exit 1; \
fi
endef

# A .venv whose interpreter is gone (an upgraded system, a moved folder) is made anew.
$(INSTALLED): pyproject.toml
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		$(FIND_PYTHON); \
		echo "Making .venv with $$found"; \
		rm -rf .venv && "$$found" -m venv .venv; \
	fi
	@$(BIN)/python -c 'import pip, sys; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (25, 1))' \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@echo "Installing Cohort into .venv (about a minute the first time)"
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(TOOLS): pyproject.toml $(INSTALLED)
	@echo "Installing the tools for tests into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@
