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

tools
make_root asterisk-bullseye "$recipe" bullseye "$packages"
printf '%s\n' "$root"
