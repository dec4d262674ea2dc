#!/bin/sh
# Makes the real Asterisk that the rig runs: Debian bullseye's 16.28 (the last packages with chan_sip) in a root of its
# own, kept outside the checkout and built once. Installs by apt what building and running it needs, and says so.
# Prints the folder of the root as the last line of standard output; everything else goes to standard error.
#
#   CDRD_CACHE          where to keep it            (default: ${XDG_CACHE_HOME:-$HOME/.cache}/cdrd)
#   CDRD_DEBIAN_MIRROR  a Debian mirror             (default: the one in this machine's apt configuration)
set -eu

say() { printf 'test-asterisk: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
. "$(dirname "$0")/../debian.sh"

[ "$(id -u)" = 0 ] || die "needs root: it builds a chroot with debootstrap, mounts into it and starts Asterisk there. Run it as root."

cache=${CDRD_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/cdrd}
root=$cache/asterisk-bullseye
packages=asterisk,asterisk-modules,asterisk-core-sounds-en
# Raised when the recipe below changes, so that an older root is built anew.
recipe=1

tools() {
  missing=
  command -v debootstrap >/dev/null || missing="$missing debootstrap"
  command -v sipp >/dev/null || missing="$missing sip-tester"
  command -v sox >/dev/null || missing="$missing sox"
  [ -n "$missing" ] || return 0
  say "installing$missing by apt"
  command -v apt-get >/dev/null || die "no apt-get here: install$missing by hand"
  DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
  # Unquoted on purpose: a list of package names.
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2
}

complete() { [ "$(cat "$root/.cdrd-complete" 2>/dev/null)" = "$recipe" ] && [ -x "$root/usr/sbin/asterisk" ]; }

tools
mkdir -p "$cache"
# Two runs at once would build twice: the second waits for the first.
exec 9>"$cache/asterisk-bullseye.lock"
flock -w 900 9 || die "another run has been building $root for 15 minutes"
if ! complete; then
  building=$(mktemp -d "$cache/asterisk-bullseye.building.XXXXXX")
  trap 'rm -rf --one-file-system "$building"' EXIT
  chmod 755 "$building"
  say "building $root (once, about a minute)"
  from=$(mirror)
  debootstrap --variant=minbase --include="$packages" bullseye "$building" "$from" >"$cache/debootstrap.log" 2>&1 ||
    { tail -20 "$cache/debootstrap.log" >&2; die "debootstrap failed, whole log: $cache/debootstrap.log"; }
  rm -rf "$building"/var/cache/apt/archives/*.deb "$building"/var/lib/apt/lists/*
  printf '%s\n' "$recipe" >"$building/.cdrd-complete"
  sync -f "$building"
  # An incomplete or older root of ours; nothing is mounted in a root that no run is using.
  rm -rf --one-file-system "$root"
  mv -T "$building" "$root"
  trap - EXIT
fi
printf '%s\n' "$root"
