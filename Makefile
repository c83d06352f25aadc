# Each target sets up what it needs in .venv of this checkout.
#   make demo    download a profile: server, gateway and card, all in software
#   make test    the tests (TESTS=tests.lpa for some of them)
#   make run     the gateway on TCP port 1888 (ARGS="--config cardgw.toml")
#   make bench   the load generator (ARGS="--quick --json"); BENCH=pcsc for what relaying to and from readers costs,
#                BENCH=scp for what secure channels to cards cost, BENCH=ramhttp for cards that are reached over HTTP
#   make lint    style and types
#   make clean   remove all that was made, .venv too

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/ready
TESTS ?= tests
ARGS ?=
BENCH ?= estk

.PHONY: demo test run bench lint clean

demo: $(READY)
	@$(VENV)/bin/python -m cardgw.virtual.demo

test: $(READY)
	@.ci/peers
	$(VENV)/bin/python -m twisted.trial $(TESTS)

run: $(READY)
	$(VENV)/bin/twistd -n --pidfile= cardgw $(ARGS)

bench: $(READY)
	$(VENV)/bin/python -m bench.$(BENCH) $(ARGS)

lint: $(READY)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

$(READY): setup.py setup.cfg .ci/setup
	@PYTHON=$(PYTHON) .ci/setup $(VENV)
	@touch $@

clean:
	rm -rf $(VENV) build dist cardgw.egg-info _trial_temp* .hypothesis .mypy_cache .ruff_cache twistd.pid twistd.log
	find cardgw plugins tests bench twisted -name __pycache__ -prune -exec rm -rf {} +
	find cardgw plugins twisted -name dropin.cache -delete
