# make demo: see the stapler against manual work.  make test: everything that CI checks.
PYTHON ?= python3
HOUSE := $(dir $(shell find cellwright cells actuators sensors sequences sim benchmarks hardware -name __init__.py))

.PHONY: demo test lint bench bench-firmware firmware clean

demo: .venv/installed
	.venv/bin/cellwright demo

test: .venv/tools lint
	sh tests/install_system.sh
	sh hardware/emulator/build.sh
	.venv/bin/python -m pytest

# mypy runs outside the root, where it would take cellwright/ for the whole package (see docs/decisions).
lint: .venv/tools
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	cd .ci && ../.venv/bin/mypy --config-file ../pyproject.toml -p cellwright

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
# its folder's date and is linked by installing again.
.venv/installed: pyproject.toml $(HOUSE)
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --editable . --config-settings editable_mode=strict
	touch $@

# The clients for Node that the tests try; without npm those tests are skipped.
CLIENTS := tests/hardware/clients
.venv/tools: .venv/installed $(CLIENTS)/package-lock.json
	.venv/bin/python -m pip install --quiet --editable '.[test]' --config-settings editable_mode=strict
	! command -v npm >/dev/null || npm ci --prefix $(CLIENTS) --ignore-scripts --no-audit --no-fund --silent || \
		echo "The clients for Node could not be installed; their tests are skipped."
	touch $@

clean:
	rm -rf .venv build dist *.egg-info demo
