#!/bin/sh
# Runs the built daemon on an emulated ARM box (make test-appliance). Needs root for Samba, and for apt the first time.
# Arguments go to vitest, such as a part of a file's name: test/appliance/run.sh stick
#
#   CDRD_TEST_SEED   draws the moments of the power cuts (default 1)
#   CDRD_KEEP        keeps the box's folder with its flash and its logs, and says where
set -eu
here=$(cd "$(dirname "$0")" && pwd)
CDRD_APPLIANCE=$("$here/setup.sh")
export CDRD_APPLIANCE
# Everything that the tests start dies with the process that started it, so an interrupted run leaves nothing but a folder
# below /tmp; those of runs that are over go here, unless they were to be kept.
for old in /tmp/cdrd-appliance-*; do
  [ -f "$old/pid" ] && ! kill -0 "$(cat "$old/pid")" 2>/dev/null && rm -rf "$old"
done
cd "$here/../.."
exec node_modules/.bin/vitest run --config test/appliance/vitest.config.ts "$@"
