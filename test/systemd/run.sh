#!/bin/sh
# Boots a Debian under its own systemd, installs the package in it and does to it what happens to boxes (make test-systemd).
# Needs root. Arguments go to vitest.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
CDRD_SYSTEMD_ROOT=$("$here/setup.sh" | tail -1)
export CDRD_SYSTEMD_ROOT
cd "$here/../.."
CDRD_SYSTEMD_PACKAGE=$(mktemp -d)
export CDRD_SYSTEMD_PACKAGE
trap 'rm -rf "$CDRD_SYSTEMD_PACKAGE"' EXIT
npx --no-install tsx test/package/main.ts package --only all --to "$CDRD_SYSTEMD_PACKAGE" >&2
nice node_modules/.bin/vitest run --config test/systemd/vitest.config.ts "$@"
