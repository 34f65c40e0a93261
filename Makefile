# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
#
# The whole story. Each target first makes the environment, or finds it up to date in a moment.

PLANT ?= cell
SPEED ?=
QUICK ?=
ARGS ?=

RUN_ARGS = --plant $(PLANT) $(if $(SPEED),--speed $(SPEED)) $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check format bench clean

help:
	@echo 'make demo [PLANT=cell|jiaozhou] [SPEED=10]   run the factory, deliver, report'
	@echo 'make run  [PLANT=cell|jiaozhou] [SPEED=10]   run the factory until Ctrl-C'
	@echo 'make test                    everything CI runs, one closing line with counts'
	@echo 'make check                   format, lint and types only'
	@echo 'make format                  format the code and mend what the linter can'
	@echo 'make bench [QUICK=1]         every benchmark, one table'
	@echo 'make setup                   only make the environment (all others do this too)'
	@echo 'make clean                   remove all that make created, the environment too'
	@echo
	@echo 'ARGS="…" is handed on by demo, run, test and bench. tools/env CMD runs CMD inside the'
	@echo 'environment. A sourced ROS 2 is used; without one, PyPI has it as wheels.'

setup:
	@tools/setup

demo: setup
	@tools/env python -m linehaul_bringup.demo $(RUN_ARGS)

run: setup
	@tools/env python -m linehaul_bringup $(RUN_ARGS)

test: setup
	@tools/env python tools/test $(ARGS)

check: setup
	@tools/env python tools/test format lint types

format: setup
	@tools/env ruff format
	@tools/env ruff check --fix

bench: setup
	@tools/env python benchmarks --out out/bench $(if $(QUICK),--quick) $(ARGS)

clean:
	@rm -rf .venv build install log out run .mypy_cache .ruff_cache .hypothesis
	@find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
