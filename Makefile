# Every command of the project. Each sets up .venv first if it is missing.
# (Without make, and on Windows: README.md, "Without make".)
PYTHON ?= python3
BIN := .venv/bin
VENV := .venv/.installed
TEX := latexmk tex-gyre texlive-fonts-recommended texlive-latex-extra texlive-latex-recommended
SYSTEM := chromium firefox-esr qpdf qemu-user nodejs $(TEX)
# It installs what lacks, where it may, and fails where something still lacks.
INSTALL := $(BIN)/python -m tools.debian_packages
PYTEST := $(BIN)/python -m pytest --nbval --numprocesses 2 --dist loadfile

.PHONY: help reproduce reproduction codecheck crate verify test test-all book pdf what-if serve record seeds ladder committee behaviour bench lint clean
help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

# The run is recorded as it goes. (Where $(MAKE) stands in a line, make -n runs it all the same.)
AGAIN = $(MAKE) --no-print-directory
reproduce: $(VENV) ## train, execute every chapter, build HTML and PDF, and say what changed
	@$(BIN)/python -m tools.run_crate $(AGAIN) reproduction

reproduction: $(VENV)
	@$(BIN)/python -m tools.compare_files before book record
	$(BIN)/python -m lenet5 train --fresh
	$(BIN)/chapters run
	$(BIN)/jupyter-book build . --all
	@if $(INSTALL) $(TEX); then $(BIN)/chapters pdf; else echo "So the PDF is not built."; fi
	@$(BIN)/python -m lenet5 verify || [ $$? -eq 3 ] # 3: of another network nothing is recorded
	@$(BIN)/python -m tools.compare_files after book record

crate: $(VENV) ## pack the record of the last make reproduce, _build/run-crate.zip
	@test -d _build/run-crate || { echo "make: no run is recorded yet: make reproduce records one"; exit 1; }
	cd _build/run-crate && ../../$(BIN)/python -m zipfile -c ../run-crate.zip *

codecheck: $(VENV) ## write codecheck.yml anew, for whoever checks the report
	@$(BIN)/python -m tools.codecheck

verify: $(VENV) ## judge this machine's run of the report by ours
	@$(BIN)/python -m lenet5 verify

test: $(VENV) ## run the tests, and every chapter against its stored outputs: some minutes
	@$(INSTALL) $(SYSTEM) || true
	$(PYTEST) -m "not long"

test-all: test ## run the long tests too
	$(PYTEST) -m long

book: $(VENV) ## build the book in _build/html; only chapters whose code changed are executed
	$(BIN)/jupyter-book build .

pdf: $(VENV) ## build the PDF, _build/latex/lenet5.pdf, and the HTML book with links to it
	@$(INSTALL) $(TEX)
	@$(BIN)/chapters pdf

what-if: $(VENV) ## an edition with other parameters: make what-if EPOCHS=3 NETWORK=20C4-MP2-40C5-MP3-150N
	@$(BIN)/chapters what-if $(filter-out PYTHON=%,$(MAKEOVERRIDES))

serve: book ## build the book and serve it on http://localhost:8000
	$(BIN)/python -m http.server --directory _build/html --bind 127.0.0.1 8000

# python -m studies lists what makes each file of record/.
record: $(VENV) ## make record/ anew, but for the seeds: runs, platforms, roundings
	$(BIN)/python -m studies run
	$(BIN)/python -m studies validation
	$(BIN)/python -m studies rounding
	$(BIN)/python -m studies platforms

# What a table of the record has is not trained again; remove the table for all of it.
seeds: $(VENV) ## train what record/seeds.csv lacks of two hundred seeds: all in about an hour
	$(BIN)/python -m studies seeds

ladder: $(VENV) ## train what the record lacks of the chapter Ladder: all in some hours
	$(BIN)/python -m studies ladder-choices
	$(BIN)/python -m studies ladder-scales
	$(BIN)/python -m studies ladder-parts
	$(BIN)/python -m studies ladder
	$(BIN)/python -m studies network

committee: $(VENV) ## train what the record lacks of the chapter Committee: all in some hours
	$(BIN)/python -m studies committee-choices
	$(BIN)/python -m studies committee
	$(BIN)/python -m studies columns

# A run is named by what its engine computes: after this, runs made before are another engine's.
behaviour: $(VENV) ## after a change of an engine's arithmetic on purpose, pin what it computes now
	$(BIN)/python -m lenet5 behaviour

bench: $(VENV) ## time training against what else one would use (see benchmarks/README.md)
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.family
	$(BIN)/python -m benchmarks.phases
	$(BIN)/python -m benchmarks.networks
	$(BIN)/python -m benchmarks.replicates
	$(BIN)/python -m benchmarks.browser

lint: $(VENV) ## check the style of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean: ## remove what was built; runs/ and .venv stay
	rm -rf _build .cache .pytest_cache .ruff_cache

# What pip fetches depends on the build of PyTorch that its index has: see README.md.
$(VENV): requirements.txt constraints.txt pyproject.toml
	@command -v $(firstword $(PYTHON)) >/dev/null || \
		{ echo "make: $(PYTHON) is not found: install Python 3.11 to 3.14, or name it, as in PYTHON=python3.13"; exit 1; }
	@$(PYTHON) tools/check_python.py
	@echo "Installing into .venv: pip fetches 3.1 GB with PyTorch for CUDA, or 0.5 GB with a CPU build (README.md"
	@echo "says how to choose). That takes some three minutes, and at 10 MB a second five more, or one."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@
