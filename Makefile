# Every command is a line of `make help`; the work is done by the small programs in bin/.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help env env-test frontend demo test test-fast bench bench-quick screenshots lint types format lock messages clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: ## Create .venv from the hashed locks (what the server needs)
	@$(PYTHON) bin/make_environment.py base

env-test: ## The same, with what tests need
	@$(PYTHON) bin/make_environment.py base test

frontend: ## Build frontend/dist when a source has changed
	@$(PYTHON) bin/build_frontend.py

demo: env frontend ## Serve the demo academy with its background worker (PORT=8000)
	@$(PYTHON) bin/system_packages.py demo
	@$(VENV)/python bin/compile_messages.py
	@exec $(VENV)/python bin/serve_demo.py

test: env-test frontend ## Run every check and every test; ONLY="name …" runs some of them
	@$(PYTHON) bin/system_packages.py test
	@$(VENV)/python bin/compile_messages.py
	@exec $(VENV)/python bin/run_checks.py $(foreach name,$(ONLY),--only $(name))

test-fast: env-test frontend ## The inner loop: style, layers and the quick unit tests on SQLite, under a minute
	@$(VENV)/python bin/compile_messages.py
	@exec $(VENV)/python bin/run_checks.py --fast

bench: env-test frontend ## Measure the main pages on SQLite and PostgreSQL into build/bench.json
	@$(PYTHON) bin/system_packages.py bench
	@$(VENV)/python bin/compile_messages.py
	@exec $(VENV)/python -m tests.benchmarks

bench-quick: env-test frontend ## The same in under a minute, with shorter runs
	@$(PYTHON) bin/system_packages.py bench
	@$(VENV)/python bin/compile_messages.py
	@exec $(VENV)/python -m tests.benchmarks --quick

screenshots: env-test frontend ## Every page of every role at 390 and 1280 px, light and dark, into screenshots/
	@$(PYTHON) bin/system_packages.py test
	@$(VENV)/python bin/compile_messages.py
	@DATABASE_URL=sqlite:///build/demo/academy.sqlite3 MEDIA_ROOT=build/demo/media DJANGO_SETTINGS_MODULE=academy.settings.dev \
	  $(VENV)/python bin/prepare_demo.py --current
	@E2E_DATABASE=build/demo/academy.sqlite3 E2E_MEDIA=build/demo/media exec $(VENV)/python -m tests.e2e.screenshots

lint: env-test ## Check style, layers and templates
	@exec $(VENV)/python bin/run_checks.py --only style --only format --only layers --only templates

types: env-test ## Check types of Python and TypeScript
	@exec $(VENV)/python bin/run_checks.py --only types --only types-frontend

format: env-test ## Put Python and its imports in order
	@$(VENV)/ruff check --fix-only --quiet . ; $(VENV)/ruff format --quiet .

# Python 3.11.0 stands for every 3.11: Debian's is 3.11.2, and some packages ask for a later one.
lock: env-test ## Compile requirements/*.in to hashed locks; UPGRADE=1 takes newer versions
	@for name in bootstrap node base test; do \
	  $(VENV)/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    $(if $(UPGRADE),--upgrade) requirements/$$name.in -o requirements/$$name.txt || exit 1; done

messages: env-test ## Collect the strings of the interface into locale/ and compile them
	@$(VENV)/python bin/check_messages.py --update
	@$(VENV)/python bin/compile_messages.py

clean: ## Remove what was made, the demo academy included
	rm -rf .venv node_modules frontend/dist build var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name '*.mo' -not -path './.git/*' -delete
