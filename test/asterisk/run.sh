#!/bin/sh
# Runs cdrd's dialplan and the built daemon against a real Asterisk 16.28 (make test-asterisk). Needs root.
# Arguments go to vitest, such as a part of a file's name: test/asterisk/run.sh pbx
set -eu
here=$(cd "$(dirname "$0")" && pwd)
CDRD_ASTERISK_ROOT=$("$here/setup.sh")
export CDRD_ASTERISK_ROOT
# One test uses the page as a person does.
sh "$here/../browser/tools.sh"
# Everything that the tests start dies with the process that started it, so an interrupted run leaves nothing but a
# folder below /tmp; those of runs that are over go here.
for old in /tmp/cdrd-asterisk-*; do
  [ -f "$old/pid" ] && ! kill -0 "$(cat "$old/pid")" 2>/dev/null && rm -rf --one-file-system "$old"
done
cd "$here/../.."
exec nice node_modules/.bin/vitest run --config test/asterisk/vitest.config.ts "$@"
