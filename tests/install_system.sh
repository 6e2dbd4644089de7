#!/bin/sh
# Installs what some tests need beyond Python: a browser, and avrdude. Says so, by name, where it cannot; those tests are
# skipped. Silent when all is there.
set -u

has_browser() {
    for browser in chromium chromium-browser google-chrome "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        command -v "$browser" >/dev/null 2>&1 && return 0
    done
    return 1
}

has_avrdude() {
    command -v avrdude >/dev/null 2>&1
}

install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    $as_root true 2>/dev/null || return 1
    echo "Installing $*."
    { $as_root apt-get -qq update && DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install --yes \
        --no-install-recommends "$@" >/dev/null; } 2>/dev/null
}

has_browser || install chromium ||
    echo "Not installed: chromium. The tests marked 'browser' will be skipped; install Chromium or Chrome to run them."
has_avrdude || install avrdude ||
    echo "Not installed: avrdude. The tests that flash with it will be skipped."
exit 0
