#!/bin/sh
# The peer that serves files and the program that asks for them: installed by apt where they aren't there.
set -eu
command -v wrk >/dev/null && command -v nginx >/dev/null && exit 0
echo "installing nginx-light and wrk by apt" >&2
DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends nginx-light wrk >&2
