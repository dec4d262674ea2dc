#!/bin/sh
# `make run`: cdrd on http://127.0.0.1:8080 and https://127.0.0.1:8443 beside a simulated PBX, with all its state in ./var. Ends with Ctrl-C.
# Guide's accounts admin/admin and monitor/monitor are set here only where nobody but this machine can reach it.
set -eu
cd "$(dirname "$0")/../.."
# As on a box.
export MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
node=${NODE:-node --liftoff-only --max-semi-space-size=1}
var=$PWD/var
port=$($node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
secret=$($node -p 'require("node:crypto").randomBytes(16).toString("hex")')
umask 027
mkdir -p "$var/recordings"

export CDRD_STATE_DIR="$var/state" CDRD_RUN_DIR="$var/run" CDRD_RECORDINGS_DIR="$var/recordings"
export CDRD_RECORDINGS_REQUIRE_MOUNT=no CDRD_HTTP_LISTEN="${CDRD_HTTP_LISTEN:-127.0.0.1:8080}"
export CDRD_HTTPS_LISTEN="${CDRD_HTTPS_LISTEN-127.0.0.1:8443}"
export CDRD_ASTERISK_HOST=127.0.0.1 CDRD_ASTERISK_PORT="$port" CDRD_ASTERISK_USERNAME=cdrd CDRD_ASTERISK_SECRET="$secret"
export CDRD_ASTERISK_CDR_CSV="$var/cdrd.csv"

export CDRD_AMI_LISTEN="${CDRD_AMI_LISTEN:-127.0.0.1:5038}"

# Else it would be taken for ours below, and be said to run, before ours has told that the address is in use.
if $node -e 'fetch(process.argv[1]).then(() => process.exit(0), () => process.exit(1))' "http://$CDRD_HTTP_LISTEN/healthz"; then
  echo "another program listens on $CDRD_HTTP_LISTEN already: CDRD_HTTP_LISTEN=127.0.0.1:PORT names another address" >&2
  exit 1
fi

alone=yes
for address in $(printf '%s,%s,%s' "$CDRD_HTTP_LISTEN" "$CDRD_HTTPS_LISTEN" "$CDRD_AMI_LISTEN" | tr ',' ' '); do
  case $address in 127.0.0.1:* | '[::1]:'*) ;; *) alone=no ;; esac
done
if [ "$alone" = no ] && [ -e "$var/guide-passwords" ]; then
  echo "everybody knows the passwords of $var/state: remove $var before others can reach it" >&2
  exit 1
fi
if [ "$alone" = yes ] && [ ! -e "$var/state/cdrd.db" ]; then
  : >"$var/guide-passwords"
  printf password | $node dist/cdrd.mjs ami-user set admin --read all --write system,call,reporting,user
  printf admin | $node dist/cdrd.mjs user set admin --role admin
  printf monitor | $node dist/cdrd.mjs user set monitor --role monitor
fi

$node --import tsx test/simulator/main.ts --listen "127.0.0.1:$port" --username cdrd --secret "$secret" \
  --custom-csv "$var/cdrd.csv" --calls-per-minute "${CALLS_PER_MINUTE:-20}" &
simulator=$!
tries=0
until $node -e 'require("node:net").connect(+process.argv[1], "127.0.0.1").on("connect", () => process.exit(0)).on("error", () => process.exit(1))' "$port"; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ] || ! kill -0 "$simulator" 2>/dev/null; then exit 1; fi
  sleep 0.1
done
$node dist/cdrd.mjs run &
daemon=$!
# One Ctrl-C reaches all three; a signal to this script alone is passed on.
trap 'kill "$daemon" 2>/dev/null || :' INT TERM HUP
trap 'kill "$simulator" 2>/dev/null || :; wait "$simulator" 2>/dev/null || :' EXIT

tries=0
until $node -e 'fetch(process.argv[1]).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))' "http://$CDRD_HTTP_LISTEN/healthz"; do
  tries=$((tries + 1))
  if [ "$tries" -gt 50 ] || ! kill -0 "$daemon" 2>/dev/null; then
    wait "$daemon" || exit $?
    exit 1
  fi
  sleep 0.2
done
if [ -e "$var/state/secret/initial-passwords" ]; then
  how="Log in as admin or monitor; their first passwords stand in $var/state/secret/initial-passwords."
else
  how="Log in as admin (password admin) or monitor (password monitor); programs do so, too:

  curl \"http://$CDRD_HTTP_LISTEN/cgi/webserve/8404?&UserName=admin&Password=21232f297a57a5a743894a0e4a801fc3\""
fi
cat <<TEXT

cdrd is running: open http://$CDRD_HTTP_LISTEN in a browser${CDRD_HTTPS_LISTEN:+, or https://$CDRD_HTTPS_LISTEN (self-signed: curl -k)}
beside a SIMULATED PBX: every call in it is made up.
$how

TEXT
status=0
while kill -0 "$daemon" 2>/dev/null; do wait "$daemon" && status=0 || status=$?; done
exit "$status"
