# `make` alone lists what there is to do. Python >= 3.11 and make are all it needs.

.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# The machine's Python, used once: to make the virtual environment.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	if command -v $$name >/dev/null && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$name; exit; fi; done; echo python3)
VENV ?= .venv
override VENV := $(abspath $(VENV))
export VENV
PY := $(VENV)/bin/python
INSTALL := @$(PYTHON) scripts/install.py
# Runs a command with DATABASE_URL set: yours, or the embedded server's for as long.
WITH_DATABASE := $(PY) -m scripts.database exec
MANAGE := $(WITH_DATABASE) $(PY) manage.py
PYTEST := $(PY) -m pytest
SIZE ?= run

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Use it

.PHONY: run
run: ## Run everything on http://127.0.0.1:8000 (another port: make run PORT=8001)
	$(INSTALL) run demo
	@exec $(PY) -m scripts.run

.PHONY: demo
demo: ## Load the demo club anew: make demo SIZE=small|run|full
	$(INSTALL) run demo
	@$(MANAGE) migrate --no-input --verbosity 0 && $(MANAGE) demo --size $(SIZE)

.PHONY: stop-database
stop-database: ## Stop an embedded PostgreSQL that was left running
	$(INSTALL) run
	@$(PY) -m scripts.database stop

.PHONY: clean
clean: ## Remove the virtual environment, caches, and the embedded database with its data
	@if [ -x $(PY) ]; then $(PY) -m scripts.database remove; fi
	@rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

##@ Hold it to its promises

.PHONY: test
test: browser ## Run all tests, the browser's too (one file: make test ARGS=tests/points)
	$(INSTALL) test demo
	@$(PYTEST) -n 2 --dist worksteal $(ARGS)

.PHONY: check
check: ## Format, lint, types, ladder, templates, migrations, translations
	$(INSTALL) dev demo
	@$(WITH_DATABASE) $(PY) -m scripts.check

.PHONY: format
format: ## Put Python and templates in their format
	$(INSTALL) dev
	@$(PY) -m ruff check --select I --fix --quiet .
	@$(PY) -m ruff format --quiet .
	@find templates -name '*.html' -exec $(VENV)/bin/djade --target-version 5.2 {} +

.PHONY: bench
bench: ## Measure the speed of what has to be fast, beside what it is compared with
	$(INSTALL) test demo
	@$(WITH_DATABASE) $(PY) -m bench $(ARGS)

.PHONY: soak
soak: ## Run the long versions of the random and crash tests
	$(INSTALL) test demo
	@$(PYTEST) -m soak --timeout 0 $(ARGS)

.PHONY: screens
screens: browser ## Take pictures of every screen into var/screens
	$(INSTALL) test demo
	@$(PYTEST) -m screens -p no:randomly tests/e2e $(ARGS)

.PHONY: browser
browser:
	@if command -v "$${CHROMIUM:-chromium}" >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Debian's chromium for the browser tests …"; \
		export DEBIAN_FRONTEND=noninteractive; \
		{ apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium; } >/dev/null 2>&1 \
		|| echo "It could not be installed: the browser tests will be skipped."; \
	else \
		echo "No chromium here: the browser tests will be skipped. To run them: apt-get install chromium"; \
	fi

##@ Keep it up to date

.PHONY: messages
messages: ## Bring locale/ up to date with the texts in code and templates
	$(INSTALL) dev
	@$(PY) -m scripts.messages

.PHONY: migrations
migrations: ## Make a migration: make migrations APP=points NAME=what_changed
	$(INSTALL) run
	@$(MANAGE) makemigrations $(APP) --name $(NAME)

.PHONY: vendor
vendor: ## Fetch the front end's vendored files again (needs npm)
	$(INSTALL) run
	@$(PY) scripts/vendor.py

.PHONY: requirements
requirements: ## Pin the requirements anew from the .in files (newer: ARGS=--upgrade)
	$(INSTALL) dev
	@for name in requirements requirements-test requirements-dev; do \
		$(VENV)/bin/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links \
			--no-emit-trusted-host $(ARGS) --output-file $$name.txt $$name.in || exit 1; \
	done
