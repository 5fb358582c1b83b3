# The whole set-up is done by the targets themselves; Windows: python scripts/dev.py demo (or test, bench).
PYTHON ?= python3

.PHONY: demo test bench fuzz soak setup generated clean

demo: ## start the emulator, run the graph "01 Text to image", write a PNG under demo-output/
	@$(PYTHON) scripts/dev.py demo

test: ## lint, types and tests
	@$(PYTHON) scripts/dev.py test

bench: ## measure against this machine's limits; BENCH="--busy --only generation", "--slopes"
	@$(PYTHON) scripts/dev.py bench $(BENCH)

fuzz: ## give odd bytes to whatever reads bytes of others, for SECONDS
	@$(PYTHON) scripts/dev.py fuzz --seconds $(or $(SECONDS),300)

soak: ## generate 2,000 times and stop 200 of them, and hold that nothing grows
	@$(PYTHON) scripts/dev.py soak

setup:
	@$(PYTHON) scripts/dev.py setup

generated: setup ## make the modules of proto/ from the two schema files
	@.venv/bin/python scripts/regenerate.py

clean:
	rm -rf .venv .types node_modules demo-output bench-output build dist *.egg-info
