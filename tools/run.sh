#!/bin/sh
# Runs one of this project's TypeScript tools under the pinned Bun, installing Bun and the packages first.
# Works in a fresh clone on a machine that has only Node and npm: Bun itself comes from npm, into the user's cache.
set -eu
cd "$(dirname "$0")/.."

BUN_VERSION=1.4.5
cache="${XDG_CACHE_HOME:-$HOME/.cache}/zrepl-dev"
bun_home="$cache/bun-$BUN_VERSION"
bun="$bun_home/node_modules/bun/bin/bun.exe"

if [ ! -x "$bun" ] || [ "$("$bun" --version 2>/dev/null)" != "$BUN_VERSION" ]; then
  echo "installing bun $BUN_VERSION from npm (once per machine)" >&2
  mkdir -p "$bun_home"
  npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix "$bun_home" "bun@$BUN_VERSION" >&2
fi
PATH="$bun_home/node_modules/.bin:$PATH"
export PATH

if [ ! -d node_modules ] || [ bun.lock -nt node_modules/.installed ]; then
  echo "installing packages" >&2
  "$bun" install --frozen-lockfile --silent >&2
  touch node_modules/.installed
fi

# In a checkout, --bun is not enough for child processes: the tools start programs through $BUN.
BUN="$bun"
export BUN
exec "$bun" "$@"
