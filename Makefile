# Two commands are all a newcomer needs: make demo, make test.
PRESET ?= standard
SEED ?= 0
OUT ?= bezoar-demo
PREFIX ?= /usr/local
PACKAGES = libopenblas-dev libpng-dev zlib1g-dev libturbojpeg0-dev libssl-dev libarchive-dev dataset-fashion-mnist pkg-config
SWIFT ?= swift
BINARY = .build/release/bezoar

.PHONY: demo test test-pjrt pjrt bench build install format lint dependencies clean

demo: build
	$(BINARY) demo --preset $(PRESET) --seed $(SEED) --out $(OUT)

test: dependencies
	@echo "building everything, tests included"
	$(SWIFT) build -c release --build-tests
	@echo "running the whole test suite"
	$(SWIFT) test -c release --skip-build

# Every op and the quick demonstration on a PJRT plugin for the CPU (a wheel of 62 MB from PyPI), against the CPU's own kernels, and
# an audit that goes on after its device was lost.
PJRT_WHEEL = lammps-jax-pjrt-cpu==0.11.2
PJRT_FOLDER = .build/pjrt
test-pjrt: dependencies pjrt
	$(SWIFT) build -c release --build-tests
	plugin="$$(echo "$(CURDIR)"/$(PJRT_FOLDER)/lib/python3*/site-packages/lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so)" && \
	export BEZOAR_PJRT_PLUGIN="$$plugin" XDG_CACHE_HOME="$(CURDIR)/$(PJRT_FOLDER)/cache" && \
	$(SWIFT) test -c release --skip-build --filter 'PJRT|StableHLO' && \
	python3 Tests/PJRTDeviceTests/same_audit.py $(BINARY) "$$plugin" $(PJRT_FOLDER)/audits && \
	python3 Tests/PJRTDeviceTests/lost_device.py $(BINARY) "$$plugin" $(PJRT_FOLDER)/lost

# The plugin for that test, in a virtual environment.
pjrt:
	@test -x $(PJRT_FOLDER)/bin/pip || python3 -m venv $(PJRT_FOLDER) || \
	  { echo "bezoar: python3 with venv is needed for this test; install it with: apt-get install python3-venv" >&2; exit 1; }
	$(PJRT_FOLDER)/bin/pip install --quiet --disable-pip-version-check $(PJRT_WHEEL)

# Checks and times kernels, steps and stages; BENCH=names picks cases, FOLDER=path adds reading a folder of images.
bench: dependencies
	$(SWIFT) build -c release --package-path Benchmarks
	Benchmarks/.build/release/bench $(BENCH) $(if $(FOLDER),--folder "$(FOLDER)")

build: dependencies
	@echo "building bezoar"
	$(SWIFT) build -c release --product bezoar

install: build
	install -D -m 755 $(BINARY) "$(DESTDIR)$(PREFIX)/bin/bezoar"
	install -D -m 755 .ci/audit "$(DESTDIR)$(PREFIX)/bin/bezoar-audit"
	install -d "$(DESTDIR)$(PREFIX)/share/man/man1" "$(DESTDIR)$(PREFIX)/share/bash-completion/completions" \
	  "$(DESTDIR)$(PREFIX)/share/zsh/site-functions" "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d"
	$(BINARY) manual >"$(DESTDIR)$(PREFIX)/share/man/man1/bezoar.1"
	$(BINARY) completions bash >"$(DESTDIR)$(PREFIX)/share/bash-completion/completions/bezoar"
	$(BINARY) completions zsh >"$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_bezoar"
	$(BINARY) completions fish >"$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/bezoar.fish"

format:
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

# Installs through apt what is missing, and says so.
dependencies:
	@command -v $(SWIFT) >/dev/null || { echo "bezoar: no Swift toolchain found; install Swift 6.1 or newer from https://swift.org/install" >&2; exit 1; }
	@missing=""; for package in $(PACKAGES); do \
	  dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	  echo "installing through apt:$$missing"; \
	  if [ "$$(id -u)" = 0 ]; then sudo=""; elif command -v sudo >/dev/null; then sudo=sudo; \
	  else echo "bezoar: needs root or sudo to install:$$missing; run as root: apt-get install$$missing" >&2; exit 1; fi; \
	  { $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq $$missing >/dev/null; } || \
	  { echo "bezoar: apt could not install:$$missing; check the network and the package sources, then try again" >&2; exit 1; }; \
	fi

clean:
	rm -rf .build
