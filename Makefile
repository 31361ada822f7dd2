# What people run. Everything works from a fresh clone: `setup` brings what is missing.
NODE := node_modules/.bin/node
SHELL := /bin/sh

.PHONY: help setup demo test check sim mutants bench build clean

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

setup: ## install what is missing: Debian packages, npm packages with the pinned Node
	@scripts/setup.sh

demo: build ## three hosts on this machine, a service, an answer from each replica (KEEP=1 leaves it up)
	@$(NODE) scripts/demo.ts

test: setup ## every test; the last line says how many passed and failed
	@$(NODE) scripts/test.ts $(PARTS)

check: setup ## types, lint, walls, format, dead code
	@$(NODE) scripts/check.ts $(ONLY)

sim: setup ## the simulator: SEEDS=n from SEED=s
	@$(NODE) test/sim/run.ts $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SEED),--seed $(SEED)) $(if $(WORLD),--world $(WORLD))

mutants: setup ## plant known bugs one by one: the suite must catch each (ONLY='NAME ...')
	@$(NODE) scripts/mutants.ts $(ONLY)

bench: build ## benchmarks, beside their peers where those are installed: ONLY=services,scheduler
	@$(NODE) scripts/make-image.ts
	@ONLY="$(ONLY)" $(NODE) test/bench/run.ts

build: setup ## bundle tsctl and tesserad into build/: they start faster
	@$(NODE) scripts/build.ts

clean: ## remove what was built
	rm -rf build coverage
