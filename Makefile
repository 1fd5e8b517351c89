# The commands of this project. `make` lists them.
#
# Python 3.11 or newer is all they need beforehand; the tests add RabbitMQ, PostgreSQL, Redis and Chromium.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-all lint broker bench screenshots requirements clean environment packages
MAKEFLAGS += --no-print-directory

PYTHON_IN_VENV := .venv/bin/python
MANAGE := $(PYTHON_IN_VENV) manage.py
PYTEST := $(PYTHON_IN_VENV) -m pytest --durations=10
# The tests that use the database run on SQLite with all others, and on PostgreSQL before them.
PYTEST_ON_POSTGRES := $(PYTHON_IN_VENV) -m pytest -p tests.harness.on_postgres --durations=3

# What an installation sets, so that Django's deployment checks look at one.
PRODUCTION := env \
	SECRET_KEY=only-for-the-checks-0Zb7qXw4nT9cVf2Lk8sYh3Rj6mPd5GaE1uQoNiWx \
	ALLOWED_HOSTS=bus.example.org \
	EVENTBUS_HTTPS=1 \
	EVENTBUS_PROCESSES=2 \
	EVENTBUS_BACKEND=rabbitmq \
	EVENTBUS_AMQP_URL=amqps://bus:secret@rabbitmq.example.org/events \
	EVENTBUS_MANAGEMENT_URL=https://bus:secret@rabbitmq.example.org \
	DATABASE_URL=postgres://bus:secret@postgres.example.org/bus \
	REDIS_URL=redis://redis.example.org/0

COMPILE := uv pip compile --quiet --python-version 3.11 --generate-hashes --no-annotate \
	--no-header --no-emit-index-url --no-emit-find-links $(ARGS)

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

run:  ## the console with an embedded broker and example services, on 127.0.0.1
	@scripts/environment run
	@EVENTBUS_EXAMPLES=$${EVENTBUS_EXAMPLES:-1} $(MANAGE) serve

test: environment packages lint  ## format, lint, types, and all tests but the long ones
	@$(PYTEST_ON_POSTGRES) -m "not long" tests/unit
	@$(PYTEST) -m "not long"

test-all: environment packages lint  ## the same with the long tests, and on RabbitMQ 4 too
	@scripts/make-rabbitmq4
	@$(PYTEST_ON_POSTGRES) tests/unit
	@$(PYTEST)

lint: environment  ## format, lint, types, imports, migrations, Django's checks
	@echo "Checking format, lint, types and settings…"
	@$(PYTHON_IN_VENV) -m ruff format --check --quiet
	@$(PYTHON_IN_VENV) -m ruff check --quiet
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON_IN_VENV) -m mypy
	@$(MANAGE) makemigrations --check --dry-run
	@$(MANAGE) check
	@$(PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING

broker: environment  ## a private RabbitMQ until Ctrl-C
	@scripts/install-system-packages rabbitmq
	@$(PYTHON_IN_VENV) -m tests.harness.broker

bench:  ## the library's speed against its peers, on a private RabbitMQ (ARGS="publish_many --rounds 3")
	@scripts/environment bench
	@scripts/install-system-packages rabbitmq
	@$(PYTHON_IN_VENV) -m benchmarks $(ARGS)

screenshots: environment  ## every page of the console in light and dark, wide and narrow (ARGS="--readme")
	@scripts/install-system-packages chromium
	@$(PYTHON_IN_VENV) -m tests.harness.screenshots $(ARGS)

requirements:  ## fit requirements/*.txt to pyproject.toml (needs uv; ARGS=--upgrade for new versions)
	@command -v uv >/dev/null || { echo "uv is missing: pip install uv" >&2; exit 1; }
	@$(COMPILE) --extra admin -o requirements/run.txt pyproject.toml
	@$(COMPILE) --extra admin --extra dev -c requirements/run.txt \
		-o requirements/dev.txt pyproject.toml
	@$(COMPILE) --extra admin --extra dev --extra bench -c requirements/dev.txt \
		-o requirements/bench.txt pyproject.toml

clean:  ## remove the environment and all caches; your data in var/ stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:
	@scripts/environment dev

packages:
	@scripts/install-system-packages rabbitmq postgresql redis chromium
