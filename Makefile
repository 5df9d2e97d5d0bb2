# Every target is safe to run again and takes no manual step. `make help` lists them.
KVITT = tools/kvitt
.PHONY: help bootstrap demo test nightly unit lint format i18n wheels bench screenshots \
	stop clean

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1|/p' $(MAKEFILE_LIST) | \
		awk -F'|' '{ printf "  make %-11s %s\n", $$1, $$2 }'

bootstrap: ## fetch Odoo, the Python packages and PostgreSQL; nothing else
	@$(KVITT) bootstrap

demo: ## demo company, damaged bank file, import, Odoo on localhost (SERVE=0: no server)
	@$(KVITT) demo

test: ## the tests of every change; ARGS="tests/integration/billing_base -k hold" for some of them
	@$(KVITT) test $(ARGS)

nightly: ## all tests, with those that take long: every addon alone, workers killed
	@$(KVITT) nightly

unit: ## the tests that need no database
	@$(KVITT) unit $(ARGS)

lint: ## ruff, pylint-odoo, prettier, eslint
	@$(KVITT) lint $(ARGS)

format: ## put everything in the house's format
	@$(KVITT) format $(ARGS)

i18n: ## check that every addon's nb and sv translations are complete
	@$(KVITT) i18n $(ARGS)

wheels: ## build a pip wheel of each addon and try to install it
	@$(KVITT) wheels $(ARGS)

bench: ## precision, recall and speed
	@$(KVITT) bench $(ARGS)

screenshots: ## the pictures of the documentation, from the demo
	@$(KVITT) screenshots

stop: ## stop the private PostgreSQL server
	@$(KVITT) stop

clean: ## stop the server and remove everything that was fetched or made
	@$(KVITT) clean
