# The whole set-up is done by the targets themselves; Windows: python scripts/dev.py demo (or test, bench).
PYTHON ?= python3

.PHONY: demo test bench setup generated clean

demo: ## start the emulator, run the graph "01 Text to image", write a PNG under demo-output/
	@$(PYTHON) scripts/dev.py demo

test: ## lint, types and tests
	@$(PYTHON) scripts/dev.py test

bench: ## measure against this machine's limits; BENCH="--busy --only generation", "--slopes"
	@$(PYTHON) scripts/dev.py bench $(BENCH)

setup:
	@$(PYTHON) scripts/dev.py setup

generated: setup ## make the modules of proto/ from the two schema files
	@.venv/bin/python scripts/regenerate.py

clean:
	rm -rf .venv .types node_modules demo-output bench-output build dist *.egg-info
