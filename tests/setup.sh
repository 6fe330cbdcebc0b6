#!/usr/bin/env bash
# What the tests need besides Python: axe-core, a browser, a Redis server and a spreadsheet. Installed from Debian where
# we may, without what is only recommended.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -f frontend/node_modules/axe-core/axe.min.js ] || (cd frontend && npm ci --no-audit --no-fund --silent)
missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v soffice >/dev/null || missing+=(libreoffice-calc-nogui)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    install=(apt-get install -y -qq --no-install-recommends "${missing[@]}")
    "${install[@]}" >/dev/null 2>&1 || { apt-get update -qq && "${install[@]}" >/dev/null; }
else
    echo "The tests need: ${missing[*]}. Install them with your system's package manager." >&2
    exit 1
fi
