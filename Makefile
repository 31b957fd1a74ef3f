# Verbs only. Each sets up what it needs first; no environment has to be activated.
.DEFAULT_GOAL := help
.PHONY: help setup download-data release check collect autograde feedback report export similar bundle demo doctor stage solved test truth screenshots bench docs clean distclean
SHELL := /bin/sh
STAGE ?=
SET ?=
MIRROR ?=
FROM ?=
DATES ?=
TO ?=
ROSTER ?=
export TITLE MIRROR FROM ROSTER DATES
AUTOGRADER := .venv/bin/autograder

help:  ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/\1|\2/p' "$(firstword $(MAKEFILE_LIST))" | awk -F'|' '{ printf "  make %-14s %s\n", $$1, $$2 }'

setup:  ## make .venv with the pinned packages, and bubblewrap where you may install it
	@tools/bootstrap.sh
	@$(if $(filter setup,$(MAKECMDGOALS)),echo "Next: make demo grades a small class; make download-data brings the data; .venv/bin/jupyter lab assignments opens the notebooks.",:)

download-data: setup  ## bring the embedded data sets, or SET=coco (SET=list shows all); MIRROR=folder-or-address
	@.venv/bin/seqlab data $(if $(filter list,$(SET)),list,fetch $(SET) $(if $(MIRROR),--mirror "$$MIRROR"))

release: setup  ## build STAGE (default: all) from its master into assignments/
	@$(AUTOGRADER) release $(STAGE)

check: setup  ## audit every stage and compare assignments/ with what the masters generate today
	@$(AUTOGRADER) check

collect: setup  ## put the hand-ins of STAGE from an LMS's export FROM into classroom/submitted/; DATES=Europe/Berlin: with its times
	$(if $(FROM),,$(error name the export: make collect STAGE=s01_rnn FROM=export.zip))
	@$(AUTOGRADER) collect $(or $(STAGE),$(error name the stage: make collect STAGE=s01_rnn FROM=export.zip)) "$$FROM" $(if $(DATES),--dates "$$DATES")

autograde: setup  ## grade every hand-in of STAGE in classroom/submitted/
	@$(AUTOGRADER) grade $(or $(STAGE),$(error name the stage: make autograde STAGE=s01_rnn))

feedback: setup  ## write feedback pages and the table of grades of STAGE
	@$(AUTOGRADER) feedback $(or $(STAGE),$(error name the stage: make feedback STAGE=s01_rnn))

report: setup  ## report on the class in STAGE: scores, exercises, mistakes, who to talk to; a page and tables
	@$(AUTOGRADER) report $(or $(STAGE),$(error name the stage: make report STAGE=s01_rnn))

export: setup  ## final scores of STAGE as a table: TO=nbgrader, canvas or moodle; ROSTER= the table you downloaded there
	@$(AUTOGRADER) export $(or $(STAGE),$(error name the stage: make export STAGE=s01_rnn TO=canvas ROSTER=grades.csv)) --to $(or $(TO),$(error name whose table: make export STAGE=s01_rnn TO=canvas ROSTER=grades.csv)) $(if $(ROSTER),--roster "$$ROSTER")

similar: setup  ## compare the answers of STAGE with each other, for your eyes: classroom/reports/STAGE-similar.html
	@$(AUTOGRADER) similar $(or $(STAGE),$(error name the stage: make similar STAGE=s01_rnn))

bundle: setup  ## make the student zip in dist/
	@$(AUTOGRADER) bundle

demo: setup  ## set up, release stage 1, grade a small class, show scores, feedback and gradebook
	@$(AUTOGRADER) demo

doctor: setup  ## look at the installation: sandbox, limits, versions, data, disk; says how to mend each
	@$(AUTOGRADER) doctor

stage: setup  ## scaffold a new stage: make stage ID=s09_memory TITLE="Memory"
	@$(AUTOGRADER) stage "$(or $(ID),$(error name the stage: make stage ID=s09_memory TITLE="Memory"))" --title "$$TITLE"

solved: setup  ## run the master of STAGE (default: all) and render it under build/solved/
	@$(AUTOGRADER) solved $(STAGE)

test: setup  ## style, types, then every test
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/mypy solutions
	@.venv/bin/python -m pytest -n 2 --dist loadfile

truth: setup  ## prove the verdicts of STAGE (default: all): mutants, named mistakes, right answers; writes docs/truth.md
	@OMP_NUM_THREADS=1 .venv/bin/python -m autograder.proving $(STAGE) $(if $(STAGE),,--write)

docs: setup  ## build the documentation for staff and for students under build/docs/
	@tools/bootstrap.sh docs
	@.venv/bin/python -m autograder.documentation

screenshots: setup  ## take the pictures of the README anew, from JupyterLab and formgrader in Chromium
	@SEQLAB_SCREENSHOTS=1 .venv/bin/python -m pytest -q tests/browser
	@echo "next: look at each picture in docs/images/, then commit them"

bench: setup  ## measure speed, as ratios in one run
	@.venv/bin/python -m benchmarks

clean:  ## remove build products and caches; never classroom/, never .venv
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache ./*.egg-info
	@find . \( -path ./.venv -o -path ./classroom -o -path ./.git \) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## clean, and remove .venv
	@rm -rf .venv
