#!/usr/bin/env bash
# What the tests need besides Python: axe-core, a browser and a Redis server. Installed from Debian where we may.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -f frontend/node_modules/axe-core/axe.min.js ] || (cd frontend && npm ci --no-audit --no-fund --silent)
missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v redis-server >/dev/null || missing+=(redis-server)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get install -y -qq "${missing[@]}" >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq "${missing[@]}" >/dev/null; }
else
    echo "The tests need: ${missing[*]}. Install them with your system's package manager." >&2
    exit 1
fi
