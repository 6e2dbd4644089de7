#!/bin/sh
# Builds the parts of the emulated Arduino, in build/emulator: the chip (chip.so), stock firmware for an Uno and a Mega,
# and their boot loaders (optiboot-uno.hex, stk500boot-mega.hex).
# Prints what it cannot build, by name; the tests that need it are skipped. Silent when everything is there.
set -u
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../build/emulator
chip=$out/chip.so
firmware=$out/StandardFirmata-uno.hex
mega_firmware=$out/StandardFirmata-mega.hex
optiboot=$out/optiboot-uno.hex
stk500boot=$out/stk500boot-mega.hex
boot_loaders=/usr/share/arduino/hardware/arduino/avr/bootloaders
is_built() {
    [ -s "$chip" ] && [ -z "$(find "$here" -maxdepth 1 -name '*.[ch]' -newer "$chip")" ]
}

[ -s "$firmware" ] && [ -s "$mega_firmware" ] && [ -s "$optiboot" ] && [ -s "$stk500boot" ] && is_built && exit 0
mkdir -p "$out"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Moved into place in one operation: another process may be about to load it.
compile() {
    cc -O2 -shared -fPIC "$here"/*.c -o "$out/chip.new" -lsimavr -lelf 2>/dev/null && mv "$out/chip.new" "$chip"
}

install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    $as_root true 2>/dev/null || return 1
    echo "Installing $* for the emulated Arduino."
    { $as_root apt-get -qq update && DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install --yes \
        --no-install-recommends "$@" >/dev/null; } 2>/dev/null
}

install_libraries() {
    install libsimavr-dev libelf-dev gcc libc6-dev
}

install_avr_tools() {
    install gcc-avr avr-libc binutils-avr arduino-core-avr
}

# StandardFirmata 2.4, compiled, from a package on npm.
fetch_firmware() {
    hex=package/junk/hex
    (
        cd "$scratch" &&
            npm pack --silent avrgirl-arduino@5.0.1 &&
            tar -xzf avrgirl-arduino-5.0.1.tgz $hex/uno/StandardFirmata.cpp.hex $hex/mega/StandardFirmata.cpp.hex
    ) >/dev/null 2>&1 && mv "$scratch/$hex/uno/StandardFirmata.cpp.hex" "$firmware" &&
        mv "$scratch/$hex/mega/StandardFirmata.cpp.hex" "$mega_firmware"
}

# Optiboot as Debian's arduino-core-avr 1.8.7 compiles it is 20 bytes too long for its place at the end of the flash,
# and would not run on a chip either: here it is compiled from the same source without its blinking, and fits.
build_boot_loaders() {
    [ -d "$boot_loaders/optiboot" ] && command -v avr-gcc >/dev/null 2>&1 || return 1
    avr-gcc -w -Os -fno-inline-small-functions -fno-split-wide-types -mmcu=atmega328p -DF_CPU=16000000L \
        -DBAUD_RATE=115200 -DLED_START_FLASHES=0 -Wl,--section-start=.text=0x7e00 \
        -Wl,--section-start=.version=0x7ffe -Wl,--relax -nostartfiles -nostdlib \
        "$boot_loaders/optiboot/optiboot.c" -o "$scratch/optiboot.elf" &&
        avr-objcopy -j .text -j .version --set-section-flags .version=alloc,load -O ihex \
            "$scratch/optiboot.elf" "$optiboot" &&
        cp "$boot_loaders/stk500v2/stk500boot_v2_mega2560.hex" "$stk500boot"
}

skipped="Tests marked 'emulated' will be skipped."
if ! is_built; then
    compile || { install_libraries && compile; } ||
        echo "Not built: the emulated chip; it needs a C compiler, libsimavr-dev and libelf-dev. $skipped"
fi
if [ ! -s "$optiboot" ] || [ ! -s "$stk500boot" ]; then
    build_boot_loaders || { install_avr_tools && build_boot_loaders; } ||
        echo "Not built: boot loaders for the emulated Arduinos; they need gcc-avr and arduino-core-avr. $skipped"
fi
if [ ! -s "$firmware" ] || [ ! -s "$mega_firmware" ]; then
    if ! command -v npm >/dev/null 2>&1; then
        echo "Not fetched: StandardFirmata for the emulated Arduinos, for want of npm. $skipped"
    else
        fetch_firmware || echo "Not fetched: StandardFirmata for the emulated Arduinos, from npm's avrgirl-arduino 5.0.1. $skipped"
    fi
fi
exit 0
