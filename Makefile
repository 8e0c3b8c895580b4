# Everything is installed into .venv, from requirements locked with hashes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test crash simulate mutants mutation lint bench lock docs clean

demo: $(STAMP)  ## set up a practice company and run the main job on it
	$(BIN)/invoicepay demo

test: $(STAMP)  ## run the tests
	$(BIN)/python -m pytest

crash: $(STAMP)  ## kills, failing disks, power cuts and races, all of them, with a table (12 minutes)
	$(BIN)/python -m pytest tests/crash --crash=full

SEEDS ?= 100000
simulate: $(STAMP)  ## payers, faults and crashes in any order: SEEDS of them, or one SEED with its transcript
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) $(if $(SEED),--seed $(SEED))

mutants: $(STAMP)  ## plant bugs in copies of the project; the tests must find each (4 minutes)
	$(BIN)/python -m tests.mutants

mutation: $(STAMP)  ## try every small change of the money code; FILE= narrows, goes on where it stopped (hours)
	$(BIN)/python -m tests.mutants.measure $(FILE)

lint: $(STAMP)  ## formatting, lint, types, and the arrows of ARCHITECTURE.md
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)  ## what it costs, each beside a floor or a peer measured in the same run
	@for file in benchmarks/bench_*.py; do name=$$(basename $$file .py); \
		echo; echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

docs: $(STAMP)  ## rewrite the generated parts of the documentation
	$(BIN)/python docs/generate.py

lock: $(STAMP)  ## compile the locked requirements anew
	$(BIN)/pip-compile -q --generate-hashes --strip-extras --no-emit-index-url --no-emit-trusted-host \
		--no-emit-find-links --no-emit-options --no-header --allow-unsafe --extra dev -o requirements-dev.txt pyproject.toml
	$(BIN)/pip-compile -q --generate-hashes --strip-extras --no-emit-index-url --no-emit-trusted-host \
		--no-emit-find-links --no-emit-options --no-header --allow-unsafe -o requirements.txt pyproject.toml

# --no-deps: the lock file has them all. Compiled now, since missing .pyc files make every start
# four times slower.
$(STAMP): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	-$(BIN)/python -m compileall -q $(VENV)/lib src
	touch $(STAMP)

clean:  ## remove what was made here
	rm -rf $(VENV) build dist invoicepay-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
