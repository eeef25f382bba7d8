# Every command of the project. Each sets up .venv first if it is missing.
PYTHON ?= python3
BIN := .venv/bin
VENV := .venv/.installed

.PHONY: help reproduce verify test book pdf what-if serve record seeds validation bench lint clean
help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

reproduce: $(VENV) ## train, execute every chapter, build HTML and PDF, and say what changed
	rm -rf runs
	$(BIN)/python -m ext.chapters
	$(BIN)/jupyter-book build . --all
	@$(BIN)/python -m ext.pdf --if-possible
	@$(BIN)/python -m ext.changes
	@$(BIN)/python -m lenet5 verify

verify: $(VENV) ## judge this machine's run of the report against the published one
	@$(BIN)/python -m lenet5 verify

test: $(VENV) ## run all tests, and every chapter against its stored outputs
	$(BIN)/python -m pytest --nbval

book: $(VENV) ## build the book in _build/html; only chapters whose code changed are executed
	$(BIN)/jupyter-book build .

pdf: $(VENV) ## build the PDF, _build/latex/lenet5.pdf, and the HTML book with links to it
	@$(BIN)/python -m ext.pdf

what-if: $(VENV) ## an edition with other parameters: make what-if EPOCHS=3 SEED=7 LR=1e-3 BATCH_SIZE=64
	@$(BIN)/python -m ext.what_if $(filter-out PYTHON=%,$(MAKEOVERRIDES))

serve: book ## build the book and serve it on http://localhost:8000
	$(BIN)/python -m http.server --directory _build/html --bind 127.0.0.1 8000

record: $(VENV) ## train the published run again and store it in record/
	$(BIN)/python -m lenet5 train --out record

seeds: $(VENV) ## train twenty seeds of the recipe and store their table in record/seeds.csv
	$(BIN)/python -m lenet5 replicate --seeds 0-19 --out record/seeds.csv

bench: $(VENV) ## time training against what else one would use (see benchmarks/README.md)
	$(BIN)/python -m benchmarks
	$(BIN)/python benchmarks/replicates.py

validation: $(VENV) ## train with 5,000 images held back and store it in record/validation/
	$(BIN)/python -m lenet5.validation

lint: $(VENV) ## check the style of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean: ## remove what was built; runs/ and .venv stay
	rm -rf _build .pytest_cache .ruff_cache

$(VENV): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "make: $(PYTHON) is not Python 3.11 to 3.13; name one with PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@
