#!/bin/sh
# Makes the root that the test boots: a minimal Debian with systemd, kept outside the checkout and built once. Prints its
# folder as the last line of standard output.
#
#   CDRD_CACHE          where to keep it       (default: ${XDG_CACHE_HOME:-$HOME/.cache}/cdrd)
#   CDRD_DEBIAN_MIRROR  a Debian mirror        (default: the one in this machine's apt configuration)
#   SUITE               bookworm (systemd 252, the default), bullseye (247), trixie, sid
set -eu

say() { printf 'test-systemd: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
. "$(dirname "$0")/../debian.sh"

[ "$(id -u)" = 0 ] || die "needs root: it boots a system in a namespace of its own. Run it as root."
cache=${CDRD_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/cdrd}
suite=${SUITE:-bookworm}
root=$cache/systemd-$suite
# Raised when the recipe below changes.
recipe=1

command -v debootstrap >/dev/null && command -v systemd-nspawn >/dev/null && command -v curl >/dev/null || {
  say "installing debootstrap, systemd-container and curl by apt"
  DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends debootstrap systemd-container curl >&2
}
mkdir -p "$cache"
exec 9>"$root.lock"
flock -w 900 9 || die "another run has been building $root for 15 minutes"
if [ "$(cat "$root/.cdrd-complete" 2>/dev/null)" != "$recipe" ]; then
  building=$(mktemp -d "$root.building.XXXXXX")
  trap 'rm -rf --one-file-system "$building"' EXIT
  chmod 755 "$building"
  say "building $root (once, about a minute)"
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,procps,iproute2,libfaketime "$suite" "$building" "$(mirror)" \
    >"$cache/debootstrap-$suite.log" 2>&1 ||
    { tail -20 "$cache/debootstrap-$suite.log" >&2; die "debootstrap failed"; }
  rm -rf "$building"/var/cache/apt/archives/*.deb "$building"/var/lib/apt/lists/*
  : >"$building/etc/machine-id"
  # Nothing that comes by itself in the middle of a test.
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer systemd-resolved.service; do
    ln -sf /dev/null "$building/etc/systemd/system/$unit"
  done
  printf '%s\n' "$recipe" >"$building/.cdrd-complete"
  rm -rf --one-file-system "$root"
  mv -T "$building" "$root"
  trap - EXIT
fi
printf '%s\n' "$root"
