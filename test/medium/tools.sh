#!/bin/sh
# What mounts a share that can be frozen: installed by apt where it isn't there.
set -eu
command -v fusefat >/dev/null && command -v mkfs.vfat >/dev/null && exit 0
echo "installing fusefat and dosfstools by apt" >&2
DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends fuse fusefat dosfstools >&2
