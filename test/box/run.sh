#!/bin/sh
# Boots whole Debian boxes and puts the package on them, beside the real Asterisk (make test-box). Needs root.
# ROOT=sid or ROOT=bullseye: only that one. Arguments go to vitest, such as a part of a file's name.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# Everything that the tests start dies with the process that started it, so an interrupted run leaves nothing but a folder
# below /tmp and empty cgroups; those of runs that are over go here.
for old in /tmp/cdrd-box-*; do
  [ -f "$old/pid" ] && ! kill -0 "$(cat "$old/pid")" 2>/dev/null || continue
  for base in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    [ ! -d "$base/${old##*/}" ] || find "$base/${old##*/}" -depth -type d -exec rmdir {} +
  done
  rm -rf --one-file-system "$old"
done
CDRD_BOX_ROOTS=
for root in ${ROOT:-sid bullseye}; do
  CDRD_BOX_ROOTS="$CDRD_BOX_ROOTS $root=$("$here/setup.sh" "$root")"
done
export CDRD_BOX_ROOTS
cd "$here/../.."
# PACKAGES=FOLDER: those that lie there are taken as they are.
if [ -z "${PACKAGES:-}" ]; then
  PACKAGES=$PWD/test/.build/box
  rm -rf "$PACKAGES"
  case ${ROOT:-} in
    sid) only=all ;;
    bullseye) only=amd64 ;;
    *) only=all,amd64 ;;
  esac
  # Quick ones: that of Node inside would be compressed for minutes.
  make --no-print-directory package ONLY="$only" XZ=0 TO="$PACKAGES" >&2
fi
CDRD_BOX_OLDER=$PWD/test/.build/box-older
"$here/older.sh" "$PACKAGES" "$CDRD_BOX_OLDER"
export CDRD_BOX_PACKAGES="$PACKAGES" CDRD_BOX_OLDER
exec nice node_modules/.bin/vitest run --config test/box/vitest.config.ts "$@"
