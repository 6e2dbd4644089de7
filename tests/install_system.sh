#!/bin/sh
# Installs what some tests need beyond Python: a browser. Says so, by name, where it cannot; those tests are skipped.
set -u
for browser in chromium chromium-browser google-chrome "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    command -v "$browser" >/dev/null 2>&1 && exit 0
done
if command -v apt-get >/dev/null 2>&1; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    if $as_root true 2>/dev/null; then
        echo "Installing chromium for the browser tests."
        { $as_root apt-get -qq update && DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install --yes \
            --no-install-recommends chromium >/dev/null; } 2>/dev/null && exit 0
    fi
fi
echo "Not installed: chromium. The tests marked 'browser' will be skipped; install Chromium or Chrome to run them."
exit 0
