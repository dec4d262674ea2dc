#!/bin/sh
# Programs of the system that tests compare with and that a small machine may lack: installed by apt where that is
# possible, named otherwise. Arguments: their names, which are those of their Debian packages, or NAME:PACKAGE.
set -eu
missing=
for tool in "$@"; do
  command -v "${tool%:*}" >/dev/null || missing="$missing ${tool#*:}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "the tests need$missing: install them" >&2
  exit 1
fi
echo "installing$missing by apt" >&2
DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
# Unquoted on purpose: a list of names.
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2
