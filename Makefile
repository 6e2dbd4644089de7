# make demo: see the stapler against manual work.  make test: everything that CI checks.
PYTHON ?= python3
HOUSE := $(dir $(shell find cellwright cells actuators sensors sequences sim benchmarks hardware -name __init__.py))

# Many tests start cellwright anew: compiled once, it starts in half the time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint style types pytest bench bench-firmware firmware clean

demo: .venv/installed
	.venv/bin/cellwright demo

# Types are checked beside the tests: half a minute on one core.
test: .venv/tools style
	sh tests/install_system.sh
	sh hardware/emulator/build.sh
	$(MAKE) --jobs=2 types pytest

lint: style types

style: .venv/tools
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

# mypy runs outside the root, where it would take cellwright/ for the whole package (see docs/decisions).
types: .venv/tools
	cd .ci && ../.venv/bin/mypy --config-file ../pyproject.toml -p cellwright

pytest: .venv/tools
	.venv/bin/python -m pytest

bench: .venv/tools
	.venv/bin/python benchmarks/performance/simulation.py
	.venv/bin/python benchmarks/performance/fast_path.py
	.venv/bin/python benchmarks/performance/report.py
	sh hardware/emulator/build.sh
	.venv/bin/python benchmarks/performance/firmata_link.py

bench-firmware: .venv/tools
	sh hardware/emulator/build.sh
	.venv/bin/python benchmarks/performance/firmware.py

# What the wheel brings for an Arduino; the tests build it again and compare.
firmware:
	sh hardware/firmware/build.sh

# A strict editable install links each file, so that mypy and editors see every room; a new file changes
# its folder's date and is linked by installing again. Compiled at once: a first run would change those dates too.
.venv/installed: pyproject.toml $(HOUSE)
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --editable . --config-settings editable_mode=strict
	.venv/bin/python -m compileall -q $(HOUSE)
	touch $@

# The clients for Node that the tests try; without npm those tests are skipped.
CLIENTS := tests/hardware/clients

# All in one installation: pip takes as long to find that the first half is there as to install it.
.venv/tools: pyproject.toml $(CLIENTS)/package-lock.json $(HOUSE)
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --editable '.[test]' --config-settings editable_mode=strict
	.venv/bin/python -m compileall -q $(HOUSE)
	! command -v npm >/dev/null || npm ci --prefix $(CLIENTS) --ignore-scripts --no-audit --no-fund --silent || \
		echo "The clients for Node could not be installed; their tests are skipped."
	touch .venv/installed $@

clean:
	rm -rf .venv build dist *.egg-info demo
