# Everything a developer does twice. `make` or `make help` lists it.
# Needs Node 20.19 or newer and make; whatever else a target needs, it installs itself and says so.

NODE ?= node
# The flags of production. Without --liftoff-only the optimiser's own memory costs more than the daemon. V8's young
# generation grows to 32 MB under work and gives nothing back: a tar of 1,000 recordings added 17 MB and five more 39,
# now 10 and 18, in the same time (set by the process itself it takes effect in the workers only).
FLAGS := --liftoff-only --max-semi-space-size=1
# Of its allocator: see test/support/production.ts.
MALLOC := MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
SOURCES := $(shell find daemon cgi storage -name '*.ts' -o -path 'cgi/gui/*' -type f) etc/send-mail package.json
# What esbuild put into dist/, for the licences and the bill of materials.
META := node_modules/.cdrd-build.json
VITEST := npx --no-install vitest run --config

.PHONY: help run build test check lint format reference test-security test-crash test-asterisk test-medium test-appliance test-arm test-box test-life test-office test-browser test-package test-systemd pictures audit sbom package install bench bench-data bench-load fuzz mutate clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 24

run: build ## start cdrd with the simulated PBX on http://127.0.0.1:8080 (CONFIG=FILE: with a real Asterisk)
ifdef CONFIG
	$(MALLOC) exec $(NODE) $(FLAGS) dist/cdrd.mjs run --config $(CONFIG)
else
	@NODE="$(NODE) $(FLAGS)" exec sh test/simulator/run.sh
endif

build: dist/cdrd.mjs ## bundle the daemon and its pages into dist/

dist/cdrd.mjs: node_modules/.package-lock.json $(SOURCES)
	@rm -rf dist
	METAFILE=$(META) npm run --silent build
	@npx --no-install tsx test/supply/write.ts notices dist $(META)

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-fund --no-audit
	@touch $@

check: node_modules/.package-lock.json ## type-check
	npx --no-install tsc --noEmit -p .
	npx --no-install tsc --noEmit -p cgi/gui
	npx --no-install tsc --noEmit -p test/browser

lint: node_modules/.package-lock.json ## check style
	npx --no-install biome check --error-on-warnings .

format: node_modules/.package-lock.json ## put style right
	npx --no-install biome check --write .

reference: node_modules/.package-lock.json ## write the numbers and the configuration into README.md, and the man pages, from the code
	npx --no-install tsx test/support/write-reference.ts

test: check lint ## type-check, lint and run every test that needs no other machine
	@sh test/tools.sh git unzip jq
	$(VITEST) test/vitest.config.ts

test-security: node_modules/.package-lock.json ## classes of published flaws tried on the built daemon, and on builds with that bug planted (a table)
	@sh test/tools.sh git
	$(VITEST) test/security/vitest.config.ts

test-browser: node_modules/.package-lock.json ## the pages, used as by a person in Chromium (root: installs it; ONLY=calls: that file; KEEP=1: no new office)
	@sh test/browser/tools.sh
	CDRD_BROWSER_KEEP=$(KEEP) $(VITEST) test/browser/vitest.config.ts $(if $(ONLY),test/browser/$(ONLY).browser.ts)

test-package: node_modules/.package-lock.json ## the packages: two builds compared, lintian, what is in them, installed in a Debian without systemd (root; five minutes)
	@sh test/tools.sh lintian unshare:util-linux ip:iproute2 busybox:busybox-static
	CDRD_ASTERISK_ROOT=$$(test/asterisk/setup.sh) && export CDRD_ASTERISK_ROOT && $(VITEST) test/package/vitest.config.ts

pictures: node_modules/.package-lock.json ## the README's pictures of the pages, made anew in test/browser/pictures (root: installs Chromium and pngquant)
	@sh test/browser/tools.sh
	@sh test/tools.sh pngquant
	CDRD_PICTURES=1 $(VITEST) test/browser/vitest.config.ts
	pngquant --force --ext .png --speed 1 --strip test/browser/pictures/*.png

test-asterisk: build ## real calls on a real Asterisk 16, phones by sipp (root; the first run takes some minutes)
	sh test/asterisk/run.sh

test-medium: node_modules/.package-lock.json ## a share that freezes, comes back and dies (root, FUSE; installs fusefat and dosfstools; two minutes)
	@sh test/medium/tools.sh
	$(VITEST) test/medium/vitest.config.ts

test-crash: node_modules/.package-lock.json ## kills and power cuts at every file operation, as a table (EVERY=1: each single one, an hour)
	CDRD_CRASH=$(if $(EVERY),every) $(VITEST) test/crash/vitest.config.ts

test-appliance: build ## an emulated ARM box: sticks pulled, a share frozen, its power cut (root; installs qemu and Samba; ten minutes)
	sh test/appliance/run.sh

test-box: build ## whole Debian boxes that boot, sid and bullseye, with their Asterisk: from the installation to the purge (root; ROOT=sid|bullseye)
	ROOT=$(ROOT) sh test/box/run.sh

test-arm: build ## the built daemon as ARM code under QEMU with Node 20, 22, 24 (and 32 bits, tried): guide and AMI from outside (NODES=, ONLY=; installs QEMU: root)
	@NODES="$(NODES)" ONLY="$(ONLY)" sh test/arm/run.sh

test-life: build ## a day of a box in five minutes: calls, crashes, retention; memory and descriptors hour by hour (HOURS=, FACTOR=, CALLS=)
	npx --no-install tsx test/life/main.ts

test-office: node_modules/.package-lock.json ## what LibreOffice makes of 9005 (installs Debian's libreoffice-calc-nogui: root, 400 MB)
	@command -v soffice >/dev/null || { echo "installing libreoffice-calc-nogui"; apt-get update -qq && \
	  apt-get install -y -qq --no-install-recommends libreoffice-calc-nogui >/dev/null; }
	$(VITEST) test/office/vitest.config.ts

audit: node_modules/.package-lock.json ## ask the registry for known flaws of the packages: ends with 0 (none), 1 (some) or 2 (it can't be asked)
	@npx --no-install tsx test/supply/audit.ts

sbom: build ## write dist/cdrd.cdx.json, the bill of materials (CycloneDX) of what is in dist/
	@npx --no-install tsx test/supply/write.ts sbom dist $(META)
	@echo "dist/cdrd.cdx.json is written"

package: node_modules/.package-lock.json ## .deb for Debian's Node and with Node inside, tar.gz, checksums and bills, in packages/ (ONLY=all,amd64,arm64,tar; REVISION=1; TO=; XZ=0: quick and large; MAINTAINER=)
	@npx --no-install tsx test/package/main.ts package $(if $(ONLY),--only $(ONLY)) $(if $(REVISION),--revision $(REVISION)) $(if $(TO),--to $(TO)) $(if $(XZ),--compression $(XZ)) $(if $(MAINTAINER),--maintainer "$(MAINTAINER)")

install: build ## put it where a package would (DESTDIR=: below that folder; PREFIX=/usr/local), then say what root does next
	@npx --no-install tsx test/package/main.ts install --destdir "$(DESTDIR)" --prefix "$(or $(PREFIX),/usr/local)"

test-systemd: node_modules/.package-lock.json ## the package in a Debian booted by its own systemd: watchdog, ports, kills, a cold start (root; installs systemd-container; SUITE=bookworm)
	SUITE=$(SUITE) sh test/systemd/run.sh

bench: node_modules/.package-lock.json ## what the budgets say, beside sqlite3 and tar on a million calls (PART=NAME: only that; an unknown one lists them; README=1: into README.md)
	@command -v sqlite3 >/dev/null || { echo "installing sqlite3"; apt-get update -qq && apt-get install -y -qq sqlite3 >/dev/null; }
	README=$(README) npx --no-install tsx test/bench/main.ts $(PART)

bench-data: node_modules/.package-lock.json ## make the bench's store of a million calls (kept in ~/.cache/cdrd, once, some minutes)
	npx --no-install tsx test/bench/generate.ts

bench-load: node_modules/.package-lock.json ## everything at once for five minutes: 50 calls/s, reports, downloads, players, AMI; then the knee (SECONDS=60: shorter)
	npx --no-install tsx test/bench/load.ts $(SECONDS)

fuzz: node_modules/.package-lock.json ## a million inputs over what reads others' bytes, 50,000 over sockets (SEED=, INPUTS=, SOCKETS=, ONLY=)
	CDRD_HISTORIES=30000 $(VITEST) test/vitest.config.ts --testTimeout=300000 test/model test/wire
	npx --no-install tsx test/fuzz/main.ts

mutate: node_modules/.package-lock.json ## mutation testing of storage/model (Stryker, fetched for the run; takes long)
	npx --yes -p @stryker-mutator/core@9.6.1 -p @stryker-mutator/vitest-runner@9.6.1 stryker run test/stryker.config.json

clean: ## remove what was built, installed and stored here
	rm -rf dist packages node_modules test/.build var
