# Where Debian's packages come from, and whole systems made of them, for the set-ups that build one. Sourced; whoever does
# has `say` and `die`.

known_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sed -n 1p
}

# The first address of a Debian archive (not security, not a third party's) that apt knows.
mirror() {
  found=${CDRD_DEBIAN_MIRROR:-}
  [ -n "$found" ] || found=$(known_mirror)
  if [ -z "$found" ]; then
    # apt knows origins only from lists it has fetched.
    apt-get update -q >&2
    found=$(known_mirror)
  fi
  [ -n "$found" ] || die "apt knows no Debian archive: set CDRD_DEBIAN_MIRROR"
  printf '%s\n' "$found"
}

# make_root NAME RECIPE SUITE PACKAGES: the folder $root = $cache/NAME holds a minimal system of SUITE with PACKAGES (a comma
# list), built once, and anew when RECIPE, a number, isn't the one that it was built by.
make_root() {
  root=$cache/$1
  mkdir -p "$cache"
  # Two runs at once would build twice: the second waits for the first.
  exec 9>"$root.lock"
  flock -w 900 9 || die "another run has been building $root for 15 minutes"
  if [ "$(cat "$root/.cdrd-complete" 2>/dev/null)" != "$2" ]; then
    building=$(mktemp -d "$root.building.XXXXXX")
    trap 'rm -rf --one-file-system "$building"' EXIT
    chmod 755 "$building"
    say "building $root (once, about a minute)"
    from=$(mirror)
    debootstrap --variant=minbase --include="$4" "$3" "$building" "$from" >"$root.log" 2>&1 ||
      { tail -20 "$root.log" >&2; die "debootstrap failed, whole log: $root.log"; }
    rm -rf "$building"/var/cache/apt/archives/*.deb "$building"/var/lib/apt/lists/*
    printf '%s\n' "$2" >"$building/.cdrd-complete"
    sync -f "$building"
    # An incomplete or older root of ours; nothing is mounted in a root that no run is using.
    rm -rf --one-file-system "$root"
    mv -T "$building" "$root"
    trap - EXIT
  fi
  exec 9>&-
}

# apt for another architecture with lists and a status of its own, so that this machine's packages and architectures stay as
# they are. apt_foreign ARCHITECTURE FOLDER COMMAND ARGUMENTS; once before: apt_foreign_begin ARCHITECTURE FOLDER SUITE.
apt_foreign() {
  foreign=$1
  folder=$2
  command=$3
  shift 3
  "$command" -o Dir::State="$folder" -o Dir::State::status="$folder/status" -o Dir::Cache="$folder/cache" \
    -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=- -o APT::Architecture="$foreign" \
    -o APT::Architectures="$foreign" -o APT::Sandbox::User=root "$@"
}

apt_foreign_begin() {
  mkdir -p "$2/lists/partial" "$2/cache/archives/partial"
  : >"$2/status"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$(mirror)" "$3" >"$2/sources.list"
  apt_foreign "$1" "$2" apt-get update -q >&2
}
