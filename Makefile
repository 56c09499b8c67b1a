# `make run` and `make test` are all a newcomer needs: Python 3.11+, pip and make, and a package registry.
PYTHON ?= python3
VENV ?= .venv
PIP_ARGS ?=
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run test fast lint clean help

help:
	@echo "make run   set up, then run the main job on examples/scene.flac into out/scene"
	@echo "make test  set up, then lint, types, layers and every test"
	@echo "make fast  the tests without the slow ones"
	@echo "PIP_ARGS='--extra-index-url URL' takes another package index (a CPU-only or CUDA build of PyTorch)"

# resemblyzer goes in without its dependencies: it asks for webrtcvad, which needs a compiler and is not used.
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit('audiopost needs Python 3.11 or newer') if sys.version_info < (3, 11) else None"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --prefer-binary -q $(PIP_ARGS) -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check -q $(PIP_ARGS) --no-deps resemblyzer==0.1.4
	$(BIN)/python -m pip install --disable-pip-version-check -q $(PIP_ARGS) --no-deps --no-build-isolation -e .
	touch $(STAMP)

run: $(STAMP)
	$(BIN)/python examples/run_scene.py out/scene

test: $(STAMP) lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

fast: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not browser"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) out build dist *.egg-info
