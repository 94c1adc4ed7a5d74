# battlemap. `make run` and `make test` do all their own set-up.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
AREA   ?=
MACHINES ?= x86_64 aarch64

.DEFAULT_GOAL := help
.PHONY: help setup run test cover lint bench lock wheel wheelhouse sbom browser proxy clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

setup: $(VENV)/.run ## the environment in .venv, from locked and hashed requirements

run: $(VENV)/.run ## serve the console on http://localhost:8501
	@$(BIN)/battlemap serve $(if $(AREA),--area "$(AREA)")

test: $(VENV)/.test $(VENV)/.release browser proxy ## every test, browser tests included
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile || \
	{ echo "What failed is asked once more, alone (CONTRIBUTING.md)."; $(BIN)/python -m pytest --last-failed --last-failed-no-failures none --maxfail 3; }

cover: $(VENV)/.test $(VENV)/.release browser proxy ## every test, slower, with the lines that none of them reaches
	$(BIN)/python -m pytest --cov --cov-report=term

lint: $(VENV)/.test ## ruff, its formatter, and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .

bench: $(VENV)/.bench browser ## what we claim, measured beside peers
	$(BIN)/python benchmarks/bench_locate.py
	$(BIN)/python benchmarks/bench_map.py
	$(BIN)/python benchmarks/bench_stream.py
	$(BIN)/python benchmarks/bench_ledger.py
	$(BIN)/python benchmarks/bench_identity.py
	$(BIN)/python benchmarks/bench_scope.py
	$(BIN)/python benchmarks/bench_field.py
	$(BIN)/python benchmarks/bench_phone.py

lock: $(VENV)/.run ## renew requirements/*.txt: names, versions and hashes
	$(BIN)/python -m pip install --quiet uv
	cd requirements && ./lock

wheel: $(VENV)/.run ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

wheelhouse: wheel ## all that an installation without a network needs, into wheelhouse/, for each of MACHINES
	@for machine in $(MACHINES); do deploy/wheelhouse wheelhouse/$$machine $$machine "$$(ls -t dist/battlemap-*.whl | head -1)" || exit; done

sbom: $(VENV)/.release ## write what the release is made of into dist/, as CycloneDX
	$(BIN)/python .ci/sbom.py

browser: ## a Chromium and a Chinese font for the browser tests (Debian, root); elsewhere install them yourself
	@.ci/browser

proxy: ## nginx and systemd's checker for the tests of deploy/ (Debian, root); elsewhere install them yourself
	@.ci/proxy

clean: ## remove the environment and what tools wrote
	rm -rf $(VENV) build dist wheelhouse .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else "battlemap needs Python 3.11 to 3.13, and $(PYTHON) is %d.%d. Try: make PYTHON=python3.12 …" % v)'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "No environment could be made. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

$(VENV)/.release: requirements/release.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/release.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@
