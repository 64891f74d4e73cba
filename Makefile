# Each target sets up what it needs: on a fresh machine python3 and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_READY := $(VENV)/.run-ready
DEV_READY := $(VENV)/.dev-ready

.PHONY: install demo run check test coverage bench soak docs lock clean help

help:
	@echo "make demo     see the whole service at work: no network, nothing to set up"
	@echo "make install  make .venv with the command alerts in it"
	@echo "make run      run the service with ./subscribers.yaml"
	@echo "make test     all tests        make check   lint, types, import contract"

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(RUN_READY): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing the run-time packages (once, about half a minute) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The lock is whole (--no-deps): older releases of pip cannot resolve lxml[html-clean].
$(DEV_READY): requirements-dev.lock $(RUN_READY)
	@echo "Installing the test packages (once) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

install: $(RUN_READY)
	@echo "Ready: $(BIN)/alerts --help"

demo: $(RUN_READY)
	@$(BIN)/alerts demo

run: $(RUN_READY)
	@$(BIN)/alerts run

check: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(DEV_READY)
	$(BIN)/python -m pytest -n auto $(ARGS)

# Apart from make test: measuring triples the time.
coverage: $(DEV_READY)
	$(BIN)/python -m pytest -n auto --cov --cov-report=term:skip-covered $(ARGS)

soak: $(DEV_READY)
	ALERTS_TEST_SOAK=1 $(BIN)/python -m pytest -n auto $(ARGS)

bench: $(DEV_READY)
	$(BIN)/python bench/outbox.py $(ARGS)
	$(BIN)/python bench/matching.py $(ARGS)
	$(BIN)/python bench/polling.py $(ARGS)
	$(BIN)/python bench/delivery.py $(ARGS)
	$(BIN)/python bench/service.py $(ARGS)

docs: $(RUN_READY)
	$(BIN)/alerts schema > docs/subscribers.schema.json
	$(BIN)/alerts schema --markdown > docs/configuration.md
	$(BIN)/python docs/pictures.py

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header \
		--group build pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header \
		--group dev --all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
