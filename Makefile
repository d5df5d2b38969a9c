# Two commands are enough: `make serve` and `make test`. Both first bring `.venv` up to date; `make help` lists the rest.
# PYTHON= chooses the interpreter, PORT= the port, TESTS= what pytest runs.

PORT ?= 8000
TESTS ?=
N ?= 100000
SEED ?= 0
JOBS ?= 2
MINUTES ?= 10
BIN := .venv/bin
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help serve test lint check-policies mutate fuzz chaos soak load bench bench-quick lock clean runtime dev

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

serve: runtime ## run the service with the shipped bundles on 127.0.0.1:8000 (PORT=)
	$(BIN)/policyengine serve --host 127.0.0.1 --port $(PORT)

test: lint ## check style, types and imports, then run all tests (TESTS= for some)
	$(BIN)/pytest --numprocesses auto --dist loadfile $(TESTS)

lint: dev ## check style, formatting, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

check-policies: runtime ## check the shipped bundles
	@set -e; for bundle in policies/*/; do $(BIN)/policyengine check "$$bundle"; done

mutate: runtime ## try every slip in the rules of the shipped bundles on their cases (JOBS=)
	@set -e; for bundle in policies/*/; do $(BIN)/policyengine mutate "$$bundle" --fail-under 95 --jobs $(JOBS); done

fuzz: dev ## compare the engines on N generated decisions (N=, SEED= the first seed, JOBS=); finds go to tests/found
	$(BIN)/python -m tests.differential $(N) --seed $(SEED) --jobs $(JOBS) --found tests/found

chaos: dev ## kill workers, the service and PostgreSQL, fill the disk, reload: all under load, in about 15 minutes (SEED=)
	$(BIN)/python -m tests.chaos --seed $(SEED)

soak: dev ## ask a service for MINUTES minutes, and see that its memory stays flat (MINUTES=)
	$(BIN)/python -m tests.soak --minutes $(MINUTES)

load: dev ## requests a second and latencies without a log, with SQLite and with PostgreSQL, as ratios
	$(BIN)/python -m tests.load

bench: runtime ## measure speed beside other engines, and write the results, the graph and the figures of README.md
	$(BIN)/python -m tests.benchmarks full

bench-quick: runtime ## the main figures of it, in less than two minutes; changes no file of the repository
	$(BIN)/python -m tests.benchmarks quick

# The build tools are locked first and the tests' packages last, each within what is locked already.
LOCK = UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile --no-config --quiet --upgrade --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links

lock: dev ## choose the newest packages that fit pyproject.toml, and write them to the lock files
	$(LOCK) --group build --output-file requirements-build.txt
	$(LOCK) pyproject.toml --constraints requirements-build.txt --output-file requirements.txt
	$(LOCK) pyproject.toml --group dev --constraints requirements-build.txt --constraints requirements.txt \
		--output-file requirements-dev.txt
	$(LOCK) --group bench --constraints requirements.txt --output-file requirements-bench.txt

clean: ## remove the environment and everything the tools left behind
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

runtime dev:
	@.ci/environment $@
