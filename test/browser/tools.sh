#!/bin/sh
# Debian's Chromium, and letters for it to write with: installed by apt where they aren't there.
set -eu
command -v chromium >/dev/null && fc-list 2>/dev/null | grep -q . && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "the tests of the pages need chromium and fonts: install them" >&2
  exit 1
fi
echo "installing chromium and fonts by apt" >&2
DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium fontconfig fonts-dejavu-core >&2
