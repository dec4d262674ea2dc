#!/bin/sh
# Makes the systems that the boxes of test/box run on, as a technician finds them: Debian with systemd and its own Asterisk
# in stock configuration. sid has Asterisk 22 and a Node of its own; bullseye has Asterisk 16.28 and no Node of use. Each is
# built once and kept outside the checkout; a run lays its own changes over it. Installs by apt what is needed for that.
# Prints the folder of the system as the last line of standard output; everything else goes to standard error.
#
#   setup.sh sid|bullseye
#   CDRD_CACHE          where to keep it            (default: ${XDG_CACHE_HOME:-$HOME/.cache}/cdrd)
#   CDRD_DEBIAN_MIRROR  a Debian mirror             (default: the one in this machine's apt configuration)
set -eu

say() { printf 'test-box: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
here=$(dirname "$0")
. "$here/../debian.sh"

[ "$(id -u)" = 0 ] || die "needs root: it builds a Debian system, mounts it and boots it. Run it as root."

cache=${CDRD_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/cdrd}
common=systemd,systemd-sysv,dbus,procps,iproute2,asterisk,asterisk-modules,asterisk-core-sounds-en,logrotate,adduser
# Raised when the recipe below changes, so that an older root is built anew.
recipe=1

# PROGRAM:PACKAGE.
tools() {
  missing=
  for tool in debootstrap:debootstrap systemd-nspawn:systemd-container sipp:sip-tester curl:curl mkfs.ext4:e2fsprogs; do
    command -v "${tool%:*}" >/dev/null || missing="$missing ${tool#*:}"
  done
  [ -n "$missing" ] || return 0
  say "installing$missing by apt"
  command -v apt-get >/dev/null || die "no apt-get here: install$missing by hand"
  DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
  # Unquoted on purpose: a list of package names.
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2
}

tools
case ${1:-} in
  sid) make_root box-sid "$recipe" sid "$common,nodejs" ;;
  bullseye) make_root box-bullseye "$recipe" bullseye "$common" ;;
  *) die "usage: setup.sh sid|bullseye" ;;
esac
printf '%s\n' "$root"
