#!/bin/sh
# Builds CellwrightFirmata with Debian's avr-gcc: hex/cellwright-uno.hex, -nano.hex and -mega.hex, or into the folder given.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/hex}
mkdir -p "$out"
out=$(cd "$out" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
command -v avr-g++ >/dev/null 2>&1 || {
    echo "The firmware needs avr-gcc to be built; install gcc-avr, avr-libc and binutils-avr." >&2
    exit 2
}

# Link-time optimisation places code in the order of this list. Another order gives another hex, which may not fit a Nano.
sources="
    core/main core/clock motion/coils io/encoders protocol/firmata motion/groups core/health motion/homing io/hx711 io/i2c
    io/inputs io/pwm_servo core/main_loop protocol/messages motion/moves io/outputs io/pins motion/planner core/serial
    motion/steppers motion/step_interrupt safety/retained_state safety/stop
"
files=""
for source in $sources; do files="$files src/$source.cpp"; done

build() { # board, chip, room in bytes, options
    elf=$scratch/$1.elf
    # From within the folder, so that no path of this machine gets into the result.
    (cd "$here/CellwrightFirmata" && avr-g++ -std=gnu++11 -Os -flto -mstrict-X -Wall -Wextra -Werror "-mmcu=$2" -DF_CPU=16000000UL $4 \
        -mrelax -ffunction-sections -fdata-sections -fno-exceptions -fno-threadsafe-statics -frandom-seed=cellwright \
        $files -Wl,--gc-sections -lm -o "$elf")
    avr-objcopy -O ihex -R .eeprom "$elf" "$out/cellwright-$1.hex"
    bytes=$(avr-size "$elf" | awk 'NR == 2 { print $1 + $2 }')
    echo "cellwright-$1.hex: $bytes bytes of $3."
    [ "$bytes" -le "$3" ] || { echo "That does not fit beside the boot loader." >&2; exit 1; }
}

build uno atmega328p 32256 ""
# Its old boot loader leaves less room, which costs a little of the main loop's speed.
build nano atmega328p 30720 "-DCELLWRIGHT_NANO -mcall-prologues"
build mega atmega2560 253952 ""
