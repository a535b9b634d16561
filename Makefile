# Everything happens in .venv, which each target makes and keeps up to date by itself. Needed first:
# Python 3.10 to 3.12 with venv, gcc, g++, make, git (scripts/check_system.py names what is missing).

PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
SET_UP := $(PYTHON) scripts/set_up.py
# What an activated environment sets; AMENT_PREFIX_PATH because the ROS wheels lie in it.
ACTIVATE := VIRTUAL_ENV="$(CURDIR)/.venv" PATH="$(CURDIR)/$(BIN):$$PATH" \
            AMENT_PREFIX_PATH="$(CURDIR)/.venv"

.DEFAULT_GOAL := help
.PHONY: help setup live test lint bench golden

help:  ## Show the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

setup:  ## Make .venv: ROS 2 from PyPI, the requirements, this package
	@$(SET_UP)

live:  ## Camera to robot command, with no ROS installed: make live ARGS='--help'
	@$(SET_UP)
	@$(ACTIVATE) $(BIN)/sign-recognition live $(ARGS)

test: lint  ## Lint, types, both colcon builds, then the tests of the installed package
	@$(SET_UP) test train
	@$(ACTIVATE) scripts/check_colcon.sh
	@$(ACTIVATE) SIGN_RECOGNITION_TEST_INSTALLED=1 $(BIN)/pytest $(ARGS)

lint:  ## Style (ruff) and types (mypy)
	@$(SET_UP) test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench:  ## Measure the model beside Keras, the graph beside a loop, the import of data sets
	@$(SET_UP) train
	@$(ACTIVATE) $(BIN)/python bench/inference.py
	@$(ACTIVATE) $(BIN)/python bench/run.py $(ARGS)
	@$(ACTIVATE) $(BIN)/python bench/datasets.py

golden:  ## Make the golden bags and their events anew, after a change that was meant
	@$(SET_UP) test
	@$(ACTIVATE) $(BIN)/python scripts/make_golden.py
