# The whole set-up is done by the two targets themselves; Windows: python scripts/dev.py demo (or test).
PYTHON ?= python3

.PHONY: demo test setup generated clean

demo: ## start the emulator, run workflows/text_to_image.json, write a PNG under demo-output/
	@$(PYTHON) scripts/dev.py demo

test: ## lint, types and tests
	@$(PYTHON) scripts/dev.py test

setup:
	@$(PYTHON) scripts/dev.py setup

generated: setup ## make the modules of proto/ from the two schema files
	@.venv/bin/python scripts/regenerate.py

clean:
	rm -rf .venv .types node_modules demo-output build dist *.egg-info
