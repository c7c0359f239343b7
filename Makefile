# Two commands on a fresh machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_FLAGS := --quiet --disable-pip-version-check --require-hashes
WORKERS ?= 2

.PHONY: demo test thorough lint cases bench soak docs clean

demo: $(VENV)/runtime
	@$(BIN)/trueup demo $(DEMO_ARGS)

# Side by side: one of them alone leaves a core idle. Compiled modules are kept, whatever the shell says: every process
# that a test starts would compile them again.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/dev
	@$(MAKE) --no-print-directory --jobs=2 lint cases

lint: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/typos
	$(BIN)/mypy
	$(BIN)/lint-imports

# Each worker has one half of the list, and with it the fixtures of whole files; who has done, takes from the other.
cases: $(VENV)/dev
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(TEST_ARGS)

# All that a landing tries a part of: an hour or two.
thorough: export TRUEUP_THOROUGH := 1
thorough: export TRUEUP_REQUIRE_DATABASES := 1
thorough:
	@$(MAKE) --no-print-directory test TEST_ARGS="--slow $(TEST_ARGS)"

bench: $(VENV)/dev
	$(BIN)/python -m bench $(BENCH_ARGS)
	$(BIN)/python -m bench.incidents $(INCIDENTS_ARGS)
	$(BIN)/python -m bench.price_lists $(PRICE_LISTS_ARGS)
	$(BIN)/python -m bench.matching $(MATCHING_ARGS)
	$(BIN)/python -m bench.stripe $(STRIPE_ARGS)
	$(BIN)/python -m bench.locks $(LOCKS_ARGS)
	$(BIN)/python -m bench.load $(LOAD_ARGS)
	$(BIN)/python -m bench.pages $(PAGES_ARGS)

soak: $(VENV)/dev
	$(BIN)/python -m tests.soak $(SOAK_ARGS)

docs: $(VENV)/dev
	$(BIN)/python -m docs.generate
	$(BIN)/python -m docs.channels
	$(BIN)/python -m docs.gates
	$(BIN)/python -m docs.incidents
	$(BIN)/python -m docs.picture
	$(BIN)/python -m docs.console

clean:
	rm -rf $(VENV)

$(VENV)/runtime: requirements/build.txt requirements/runtime.txt pyproject.toml
	@echo "Making $(VENV) (once)..." >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install $(PIP_FLAGS) -r requirements/build.txt
	@$(BIN)/pip install $(PIP_FLAGS) -r requirements/runtime.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: $(VENV)/runtime requirements/dev.txt
	@$(BIN)/pip install $(PIP_FLAGS) -r requirements/dev.txt
	@touch $@
