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
command -v debootstrap >/dev/null && command -v systemd-nspawn >/dev/null && command -v curl >/dev/null || {
  say "installing debootstrap, systemd-container and curl by apt"
  DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends debootstrap systemd-container curl >&2
}
make_root "systemd-$suite" 2 "$suite" systemd,systemd-sysv,dbus,procps,iproute2,libfaketime
: >"$root/etc/machine-id"
# Nothing that comes by itself in the middle of a test.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer systemd-resolved.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
printf '%s\n' "$root"
