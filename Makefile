# make demo: see the stapler against the hand.  make test: everything that CI checks.
PYTHON ?= python3
HOUSE := cellwright cellwright/cli cellwright/testing cells cells/digital_tape cells/digital_tape_stop cells/lacquer_mixer cells/lacquer_mixer_mega cells/stapler actuators sensors sequences sim sim/fast benchmarks benchmarks/report hardware hardware/firmata hardware/flashing

.PHONY: demo test lint bench bench-firmware firmware clean

demo: .venv/installed
	.venv/bin/cellwright demo

test: .venv/tools lint
	sh tests/install_system.sh
	sh tests/emulator/build.sh
	.venv/bin/python -m pytest

# mypy runs outside the root, where it would take cellwright/ for the whole package (see docs/decisions).
lint: .venv/tools
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	cd tests && ../.venv/bin/mypy --config-file ../pyproject.toml -p cellwright

bench: .venv/tools
	.venv/bin/python benchmarks/speed/bench.py
	.venv/bin/python benchmarks/speed/fast.py
	.venv/bin/python benchmarks/speed/report.py
	sh tests/emulator/build.sh
	.venv/bin/python benchmarks/speed/line.py

bench-firmware: .venv/tools
	sh tests/emulator/build.sh
	.venv/bin/python benchmarks/speed/firmware.py

# What the wheel brings for an Arduino; the tests build it again and compare.
firmware:
	sh hardware/firmware/build.sh

# A strict editable install links each file, so that mypy and editors see every room; a new file changes
# its folder's date and is linked by installing again.
.venv/installed: pyproject.toml $(HOUSE)
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --editable . --config-settings editable_mode=strict
	touch $@

.venv/tools: .venv/installed
	.venv/bin/python -m pip install --quiet --editable '.[test]' --config-settings editable_mode=strict
	touch $@

clean:
	rm -rf .venv build dist *.egg-info demo
