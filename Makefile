# Everything is installed into .venv, from requirements locked with hashes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test versions suite proofs installed examples crash simulate mutants mutation lint bench lock docs clean

demo: $(STAMP)  ## set up a practice company and run the main job on it
	$(BIN)/invoicepay demo

test: $(STAMP)  ## run the tests, on all processors (4 minutes on two)
	$(BIN)/python -m pytest -n auto --dist worksteal

PYTHONS ?= python3.12 python3.13 python3.14
versions:  ## the tests of what differs from one Python to another, on those of PYTHONS that are here
	@for python in $(PYTHONS); do \
		version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) \
			|| { echo "$$python is not here"; continue; }; \
		echo; echo "== Python $$version"; \
		$(MAKE) --no-print-directory suite PYTHON=$$python VENV=.venv-$$version || exit 1; done

suite: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist worksteal --ignore=tests/proofs --ignore=tests/docs

# How much of each proof is run: `middle` is what CI runs besides the tests.
SIZE ?= full
proofs_middle := installed examples crash simulate mutants
proofs_full := $(proofs_middle) mutation
proofs:  ## the proofs below, one after the other: SIZE=middle (half an hour) or full (hours)
	@for proof in $(proofs_$(SIZE)); do \
		echo; echo "== $$proof"; $(MAKE) --no-print-directory $$proof SIZE=$(SIZE) || exit 1; done

installed: $(STAMP)  ## the tests of the program, which is started anew for each command
	$(BIN)/python -m pytest -n auto --dist worksteal --program=installed --size=$(SIZE) \
		tests/acceptance tests/cli tests/proofs/errors tests/proofs/faults tests/proofs/secrets

examples: $(STAMP)  ## more examples of every property, longer state machines, all hostile texts
	$(BIN)/python -m pytest -n auto --dist worksteal -m "hypothesis or middle" --size=$(SIZE) \
		--ignore=tests/acceptance --ignore=tests/proofs/secrets --ignore=tests/proofs/simulation
	$(BIN)/python -m pytest -n auto --dist worksteal tests/proofs/hostile --size=$(SIZE)

crash: $(STAMP)  ## kills, failing disks, power cuts and races, with a table (12 minutes)
	$(BIN)/python -m pytest tests/proofs/crash --size=$(SIZE)

SEEDS_middle := 10000
SEEDS_full := 100000
SEEDS ?= $(SEEDS_$(SIZE))
simulate: $(STAMP)  ## payers, faults and crashes in any order: SEEDS of them, or one SEED with its transcript
	$(if $(SEED),,$(BIN)/python -m pytest -n auto --dist worksteal tests/proofs/simulation --size=$(SIZE))
	$(BIN)/python -m tests.proofs.simulation --seeds $(SEEDS) $(if $(SEED),--seed $(SEED))

mutants: $(STAMP)  ## plant bugs in copies of the project; the tests must find each
	$(BIN)/python -m tests.proofs.mutants

mutation: $(STAMP)  ## try every small change of the money code; FILE= narrows, goes on where it stopped (hours)
	$(BIN)/python -m tests.proofs.mutants.measure $(FILE)

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
		--no-emit-find-links --no-emit-options --no-header --allow-unsafe --extra dev --extra fonts -o requirements-dev.txt pyproject.toml
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
	rm -rf $(VENV) .venv-* build dist invoicepay-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
