# Everything a person does here. On a fresh machine: `make run`, `make test`. Needs Python 3.11 and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
# A lock file is whole, so pip resolves nothing: older pips would stumble over extras of what is pinned.
LOCKED := --no-deps --require-hashes
ARGS ?=
# Clients under test whose own pins clash with ours: each in an environment of its own.
CLIENT_ENVIRONMENTS := $(patsubst requirements/clients/%.txt,.build/clients/%/ready,$(wildcard requirements/clients/*.txt))
# And those in Go, JavaScript and Java, where Go, Node, and a JDK and Maven are.
CLIENTS := $(CLIENT_ENVIRONMENTS) $(if $(shell command -v go),$(patsubst %,.build/clients/%/ready,go rclone mc s5cmd)) \
	$(if $(shell command -v npm),.build/clients/node/ready) \
	$(if $(shell command -v javac),$(if $(shell command -v mvn),.build/clients/java/ready))
# Tools for tables and files, for the tests that are too long for every run.
THOROUGH_TOOLS := $(patsubst requirements/thorough/%.txt,.build/thorough/%/ready,$(wildcard requirements/thorough/*.txt)) \
	$(if $(shell command -v go),$(patsubst %,.build/clients/%/ready,transfermanager gocloud restic))
# What reviews the contract.
CONTRACT_TOOLS := $(if $(shell command -v npm),.build/contract/redocly) $(if $(shell command -v go),.build/contract/oasdiff)
# What reads the chart and the compose file as their users' programs do.
DEPLOY_TOOLS := $(if $(shell command -v go),.build/helm/helm .build/compose/compose-go .build/operator/operator_types)
# What checks the pages, and what they hold of others.
PAGE_TOOLS := $(if $(shell command -v npm),.build/pages/ready)
# What reads the words of the documentation. It needs a C compiler.
PROSE_TOOLS := $(if $(shell command -v go),$(if $(shell command -v cc),.build/vale/vale))
CODE := bench contract_review embedded_pfs gateway handlers pachd_server pfs_client s3_wire spec tests

.DEFAULT_GOAL := help
.PHONY: help run test test-all coverage clients vendor fuzz soak image-check bench docs site mutants power-cuts check check-site check-prose check-proto contract contract-html contract-release format proto lock clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: $(VENV)/runtime ## the gateway on its embedded PFS, at http://127.0.0.1:30655 (ARGS='--port 9000' for more)
	@exec $(BIN)/s3gateway $(ARGS)

# Three at a time on two cores: half of what the tests take is waiting. Each server under test is a
# program of its own, which starts a third sooner if Python may keep what it compiled.
test test-all: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/dev clients $(CONTRACT_TOOLS) $(DEPLOY_TOOLS) $(PAGE_TOOLS) $(PROSE_TOOLS) .build/docs/zensical/ready ## the tests
	$(BIN)/pytest -n 3 $(ARGS)

test-all: $(VENV)/dev clients $(CONTRACT_TOOLS) $(DEPLOY_TOOLS) $(PAGE_TOOLS) $(PROSE_TOOLS) $(THOROUGH_TOOLS) .build/bench/moto/ready .build/docs/zensical/ready ## the tests, and those that are too long for every run
	$(BIN)/pytest -n 2 -m '' $(ARGS)

coverage: override ARGS += --cov --cov-report=term:skip-covered
coverage: test ## the tests, and which lines they do not reach

clients: $(CLIENTS) ## the clients that are tested, installed and built

fuzz: $(VENV)/dev .build/bench/moto/ready ## fuzz for SECONDS=600, from a random seed or SEED
	@exec $(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED))

soak: $(VENV)/dev ## load each backend for SECONDS=180, break off and restart, and look what is left (SEED)
	@exec $(BIN)/python -m tests.soak --seconds $(or $(SECONDS),180) $(if $(SEED),--seed $(SEED)) $(ARGS)

power-cuts: $(VENV)/dev ## open every state that a power cut may leave of the embedded PFS
	@exec $(BIN)/pytest -q -s -m thorough tests/power_cut

mutants: $(VENV)/dev .build/mutants/cosmic-ray/ready ## which faults in what writes would no test notice? (hours; FILES='embedded_pfs/blobs.py' for less)
	@exec $(BIN)/python -m tests.mutants $(FILES)

check: $(VENV)/dev check-proto contract check-site check-prose ## format, lint, types, import rules, the contract, links and words of the documentation
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --config walls.toml

contract: $(VENV)/dev $(CONTRACT_TOOLS) ## lint the contract, check its examples, compare it with the last released one
	$(BIN)/python -m contract_review lint
	$(BIN)/pytest -q tests/contract/test_document.py tests/contract/test_overlays.py
	$(BIN)/python -m contract_review diff

contract-html: $(VENV)/dev ## the contract to print, as .build/contract.html
	$(BIN)/python -m contract_review html .build/contract.html

contract-release: contract ## keep the contract as the released one of its version
	$(BIN)/python -m contract_review release

.build/contract/oasdiff:
	@echo 'Building oasdiff into $(@D), this once.'
	@GOBIN=$(CURDIR)/$(@D) CGO_ENABLED=0 go install github.com/oasdiff/oasdiff@v1.36.0
	@touch $@

.build/vale/vale:
	@echo 'Building Vale into $(@D), this once.'
	@GOBIN=$(CURDIR)/$(@D) CGO_ENABLED=1 go install github.com/vale-cli/vale/v3/cmd/vale@v3.21.0
	@touch $@

.build/helm/helm:
	@echo 'Building Helm into $(@D), this once.'
	@GOBIN=$(CURDIR)/$(@D) CGO_ENABLED=0 go install helm.sh/helm/v3/cmd/helm@v3.22.0
	@touch $@

.build/operator/operator_types: $(wildcard tests/packaging/operator_types/*)
	@echo 'Building what reads the manifests of the Prometheus Operator into $(@D), this once.'
	@mkdir -p $(@D)
	@cd tests/packaging/operator_types && CGO_ENABLED=0 go build -buildvcs=false -o $(CURDIR)/$(@D)/ .

.build/compose/compose-go:
	@echo 'Building what reads compose files into $(@D), this once.'
	@GOBIN=$(CURDIR)/$(@D) CGO_ENABLED=0 go install github.com/compose-spec/compose-go/v2/cmd@v2.16.2
	@mv $(@D)/cmd $@
	@touch $@

.build/contract/redocly: contract_review/package.json contract_review/package-lock.json
	@echo 'Installing the linter of the contract into $(@D), this once.'
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@cd $(@D) && npm ci --silent $(NPM_FLAGS)
	@touch $@

.build/pages/ready: tests/pages/package.json tests/pages/package-lock.json
	@echo 'Installing what checks the pages into $(@D), this once.'
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@cd $(@D) && npm ci --silent $(NPM_FLAGS)
	@touch $@

# What the pages hold of others, as it is released: the copies are compared by a test.
VENDOR := gateway/pages/assets/vendor
vendor: .build/pages/ready ## copy the parts of others that the pages hold
	@cp .build/pages/node_modules/aws4fetch/LICENSE .build/pages/node_modules/aws4fetch/dist/aws4fetch.esm.js $(VENDOR)/aws4fetch
	@for file in $(VENDOR)/swagger-ui-dist/*; do cp .build/pages/node_modules/swagger-ui-dist/$${file##*/} $$file; done
	@cp .build/pages/node_modules/hyparquet/LICENSE $(VENDOR)/hyparquet
	@for file in $(VENDOR)/hyparquet/*.js; do cp .build/pages/node_modules/hyparquet/src/$${file##*/} $$file; done

# Whatever else belongs to the documentation is another prerequisite, and comes after the site, which is built into an empty folder.
docs: site contract-html ## the documentation, as a site in .build/site
	@cp .build/contract.html .build/site/contract-printable.html

site: .build/docs/zensical/ready
	@rm -rf .build/site
	.build/docs/zensical/bin/zensical build --strict --clean

# In a folder of its own: somebody may be reading what `make docs` made.
check-site: .build/docs/zensical/ready
	@rm -rf .build/site-check && mkdir -p .build/site-check
	@cp -r docs mkdocs.yml .build/site-check
	cd .build/site-check && $(CURDIR)/.build/docs/zensical/bin/zensical build --strict --clean

check-prose: $(VENV)/dev $(PROSE_TOOLS) ## words and word order of pages, changelog, contract, settings and messages
	$(BIN)/pytest -q -rs tests/docs/test_prose.py

format: $(VENV)/dev ## format the code
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

proto: $(VENV)/dev ## generate pachd's stubs from the .proto files
	$(call generate_stubs,.)

# In a folder of its own, and compared: whoever changes a .proto file must generate anew.
check-proto: $(VENV)/dev
	@rm -rf .build/proto && mkdir -p .build/proto
	@$(call generate_stubs,.build/proto)
	@for file in .build/proto/pfs_client/pachd/pfs_v2/*; do \
		cmp $$file $${file#.build/proto/} || { echo 'Stubs are stale: run `make proto`'; exit 1; }; done

generate_stubs = $(BIN)/python -m grpc_tools.protoc -I. --python_out=$(1) --pyi_out=$(1) \
	--grpc_python_out=$(1) pfs_client/pachd/pfs_v2/*.proto

lock: $(VENV)/venv ## pin the newest versions that pyproject.toml allows (UPGRADE= to keep the pins there are)
	$(PIP) uv
	$(BIN)/uv pip compile $(LOCK_FLAGS) -o requirements/runtime.txt pyproject.toml
	$(BIN)/uv pip compile $(LOCK_FLAGS) --group build -o requirements/build.txt
	$(BIN)/uv pip compile $(LOCK_FLAGS) -c requirements/runtime.txt --extra otel -o requirements/runtime-otel.txt pyproject.toml
	$(BIN)/uv pip compile $(LOCK_FLAGS) -c requirements/runtime-otel.txt --extra otel --group dev -o requirements/dev.txt pyproject.toml
	@for other in requirements/*/*.in; do \
		$(BIN)/uv pip compile $(LOCK_FLAGS) -o $${other%.in}.txt $$other || exit 1; done
	if command -v npm >/dev/null; then for folder in tests/clients/node tests/pages contract_review; do \
		(cd $$folder && npm install --package-lock-only $(NPM_FLAGS)) || exit 1; done; fi
	if command -v mvn >/dev/null; then $(call build_java,.build/clients/java) && \
		$(BIN)/python -m tests.clients.jars lock .build/clients/java; fi
UPGRADE ?= --upgrade
LOCK_FLAGS := --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command 'make lock'

image-check: $(VENV)/dev ## build and run the image without an engine (needs root, unshare, debootstrap)
	$(BIN)/pytest -m '' tests/packaging/test_image.py $(ARGS)

bench: $(VENV)/dev .build/bench/load .build/bench/versitygw .build/bench/moto/ready ## measure (needs Go; ARGS='small --quick' for less)
	$(BIN)/python -m bench $(ARGS)

.build/bench/load: $(wildcard bench/load/*)
	cd bench/load && go build -o $(CURDIR)/$@ .

.build/bench/versitygw:
	GOBIN=$(CURDIR)/.build/bench go install github.com/versity/versitygw/cmd/versitygw@v1.8.0

clean: ## remove what was installed and built here
	rm -rf $(VENV) .build .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage*

$(VENV)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The gateway needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	@echo 'Installing into $(VENV), this once.'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/runtime: $(VENV)/venv requirements/runtime.txt requirements/build.txt pyproject.toml
	@$(PIP) $(LOCKED) -r requirements/build.txt -r requirements/runtime.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: $(VENV)/runtime requirements/dev.txt
	@$(PIP) $(LOCKED) -r requirements/dev.txt
	@touch $@

.build/%/ready: requirements/%.txt | $(VENV)/venv
	@echo 'Installing $* into $(@D), this once.'
	@$(BIN)/python -m venv --clear $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check $(LOCKED) -r $<
	@touch $@

.build/clients/go/ready: $(wildcard tests/clients/go/*.* tests/clients/go/*/*.go)
	$(call build_go,./minio_go ./aws_sdk_go)

.build/clients/rclone/ready: $(wildcard tests/clients/rclone/*.go tests/clients/rclone/go.*)
	$(call build_go,.)

.build/clients/transfermanager/ready: $(wildcard tests/clients/transfermanager/*.*)
	$(call build_go,.)

.build/clients/gocloud/ready: $(wildcard tests/clients/gocloud/*.*)
	$(call build_go,.)

# The program is the module's own, there is nothing of ours in it.
.build/clients/mc/ready: $(wildcard tests/clients/mc/go.*)
	$(call build_go,github.com/minio/mc)

# So is this one.
.build/clients/s5cmd/ready: $(wildcard tests/clients/s5cmd/go.*)
	$(call build_go,github.com/peak/s5cmd/v2)

# And this one.
.build/clients/restic/ready: $(wildcard tests/clients/restic/go.*)
	$(call build_go,github.com/restic/restic/cmd/restic)

define build_go
@echo 'Building the client $(notdir $(@D)) into $(@D), this once.'
@mkdir -p $(@D)
@cd tests/clients/$(notdir $(@D)) && CGO_ENABLED=0 go build -buildvcs=false -o $(CURDIR)/$(@D)/ $(1)
@touch $@
endef

.build/clients/node/installed: tests/clients/node/package.json tests/clients/node/package-lock.json
	@echo 'Installing the clients in JavaScript into $(@D), this once.'
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@cd $(@D) && npm ci --silent $(NPM_FLAGS)
	@touch $@
# No registry's address in the lock file: any will do.
NPM_FLAGS := --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund

.build/clients/node/ready: .build/clients/node/installed $(wildcard tests/clients/node/*.mjs)
	@cp tests/clients/node/*.mjs $(@D)
	@touch $@

.build/clients/java/ready: $(wildcard tests/clients/java/pom.xml tests/clients/java/*/pom.xml tests/clients/java/*.sha256 \
	tests/clients/java/*/src/main/java/clients/*.java) tests/clients/jars.py
	@echo 'Building the clients in Java into $(@D), this once.'
	@mkdir -p $(@D)
	@$(call build_java,$(@D))
	@$(PYTHON) -m tests.clients.jars check $(@D)
	@touch $@

# The jars stay where Maven keeps them. Strict about the checksums that their registry has (-C); ours are compared afterwards.
build_java = mvn --quiet --batch-mode --no-transfer-progress -C -Dstyle.color=never -f tests/clients/java \
	-Doutputs=$(CURDIR)/$(1) compile dependency:build-classpath
