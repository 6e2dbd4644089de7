#!/bin/sh
# Builds what the emulated Arduino needs, in build/emulator: the chip (chip.so) and stock firmware for an Uno.
# Says so, by name, where it cannot; the tests that need them are skipped. Silent when all is there.
set -u
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../build/emulator
chip=$out/chip.so
firmware=$out/StandardFirmata-uno.hex
[ -s "$firmware" ] && [ -s "$chip" ] && [ ! "$here/chip.c" -nt "$chip" ] && exit 0
mkdir -p "$out"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Into place at once and whole: another process may be about to load it.
compile() {
    cc -O2 -shared -fPIC "$here/chip.c" -o "$out/chip.new" -lsimavr -lelf 2>/dev/null && mv "$out/chip.new" "$chip"
}

install_libraries() {
    command -v apt-get >/dev/null 2>&1 || return 1
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    $as_root true 2>/dev/null || return 1
    echo "Installing libsimavr-dev, libelf-dev, gcc and libc6-dev for the emulated Arduino."
    { $as_root apt-get -qq update && DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install --yes \
        --no-install-recommends libsimavr-dev libelf-dev gcc libc6-dev >/dev/null; } 2>/dev/null
}

# StandardFirmata 2.4, compiled, as a package on npm brings it.
fetch_firmware() {
    (
        cd "$scratch" &&
            npm pack --silent avrgirl-arduino@5.0.1 &&
            tar -xzf avrgirl-arduino-5.0.1.tgz package/junk/hex/uno/StandardFirmata.cpp.hex
    ) >/dev/null 2>&1 && mv "$scratch/package/junk/hex/uno/StandardFirmata.cpp.hex" "$firmware"
}

skipped="Tests marked 'emulated' will be skipped."
if [ ! -s "$chip" ] || [ "$here/chip.c" -nt "$chip" ]; then
    compile || { install_libraries && compile; } ||
        echo "Not built: the emulated chip; it needs a C compiler, libsimavr-dev and libelf-dev. $skipped"
fi
if [ ! -s "$firmware" ]; then
    if ! command -v npm >/dev/null 2>&1; then
        echo "Not fetched: StandardFirmata for the emulated Uno, for want of npm. $skipped"
    else
        fetch_firmware || echo "Not fetched: StandardFirmata for the emulated Uno, from npm's avrgirl-arduino 5.0.1. $skipped"
    fi
fi
exit 0
