# Where Debian's packages come from, for the set-ups that build a system of their own. Sourced; whoever does has `die`.

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
