# Every target sets up what it needs, in .venv, with the versions in constraints.txt.
#   make demo   trains the tutorial's network and draws its curves
#   make test   runs the tests
#   make bench  measures all figures, and writes docs/performance.md and its pictures
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
JOBS   ?= 2

.PHONY: demo test conformance lint format bench stubs docs clean

# One stamp for each set of extras; a change of the dependencies makes them again.
$(VENV)/.%.stamp: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@touch $@

demo: $(VENV)/.demo.stamp
	$(BIN)/python examples/tutorial/train.py $(DEMO_ARGS)

test: $(VENV)/.test.stamp
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow" tests

conformance: $(VENV)/.test.stamp
	$(BIN)/python -m pytest -n $(JOBS) --hypothesis-profile=new tests
	REMX_WITHOUT=all $(BIN)/python -m pytest -n $(JOBS) -m "not slow" tests/laws

lint: $(VENV)/.lint.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/python -m mxnet._frontend.stubs --check
	$(BIN)/python benchmarks/run.py --check

format: $(VENV)/.lint.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

stubs: $(VENV)/.lint.stamp
	$(BIN)/python -m mxnet._frontend.stubs

bench: $(VENV)/.demo.stamp
	$(BIN)/python benchmarks/run.py $(BENCH_ARGS)

docs: $(VENV)/.docs.stamp
	$(BIN)/python docs/generate.py
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) build dist site output
