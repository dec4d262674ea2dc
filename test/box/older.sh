#!/bin/sh
# Makes of each package in a folder an older one, for the upgrade: bundle, units, script, configuration and snippets are
# those of a commit whose store had schema 14, before there was a package. Its revision is 0. The build is kept outside the
# checkout. (Stores of every schema are upgraded by test/update.test.ts; here the whole box is older.)
#
#   older.sh PACKAGES TO
set -eu
commit=94387898fa7aae2309a4ca9548ea4c45452e4d92
say() { printf 'test-box: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
packages=$1
to=$2
top=$(cd "$(dirname "$0")/../.." && pwd)
cache=${CDRD_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/cdrd}
kept=$cache/box-older-$commit

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -d "$kept" ]; then
  say "building cdrd as of $commit (once)"
  mkdir -p "$cache" "$work/source"
  git -C "$top" archive "$commit" | tar -x -C "$work/source" ||
    die "commit $commit isn't here: a clone with its whole history is needed"
  # The packages that it was built with are those of today: package-lock.json is the same.
  ln -s "$top/node_modules" "$work/source/node_modules"
  (cd "$work/source" && npm run --silent build >&2)
  rm "$work/source/node_modules"
  mv -T "$work/source" "$work/whole"
  mkdir "$work/kept"
  mv "$work/whole/dist" "$work/whole/etc" "$work/kept/"
  mv -T "$work/kept" "$kept"
fi

rm -rf "$to"
mkdir -p "$to"
for package in "$packages"/*.deb; do
  tree=$work/tree
  dpkg-deb --raw-extract "$package" "$tree"
  node=/usr/bin/node
  [ ! -e "$tree/usr/lib/cdrd/node" ] || node=/usr/lib/cdrd/node
  find "$tree/usr/lib/cdrd" -mindepth 1 ! -name node ! -name prepare -delete
  cp -r "$kept/dist/." "$tree/usr/lib/cdrd/"
  find "$tree/usr/lib/systemd/system" -maxdepth 1 -type f -name 'cdrd*' -delete
  cp "$kept"/etc/systemd/cdrd.* "$tree/usr/lib/systemd/system/"
  cp "$kept/etc/init.d/cdrd" "$tree/etc/init.d/cdrd"
  cp "$kept/etc/cdrd.toml" "$kept/etc/asterisk" -r "$tree/usr/share/cdrd/"
  sed -i "s,/usr/bin/node,$node,g; s,/etc/cdrd.toml,/etc/cdrd/cdrd.toml,g" \
    "$tree"/usr/lib/systemd/system/cdrd.* "$tree/etc/init.d/cdrd"
  rm -f "$tree/DEBIAN/md5sums"
  sed -i -E "s/^(units|all|enabled)='.*'/\\1='cdrd.service cdrd.socket'/" "$tree"/DEBIAN/p*
  sed -i 's/^\(Version: .*\)-[0-9]*$/\1-0/' "$tree/DEBIAN/control"
  dpkg-deb --root-owner-group -Zgzip -z1 --build "$tree" "$to" >&2
  rm -rf "$tree"
done
