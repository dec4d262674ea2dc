#!/bin/sh
# The built daemon as ARM machine code under QEMU (make test-arm), once with each Node of its lines, and the tests that look
# at a daemon from outside run against it from this machine's own Node: the guide's documents and what AMI clients say.
# 32 bits are tried as well, and not promised: what fails there is shown and not counted.
#
#   NODES   which ones, of 20 22 24 arm-20.11   (default: all)
#   ONLY    a part of the tests' names, such as guide
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
FLAGS=${FLAGS:---liftoff-only --max-semi-space-size=1}
made=$(mktemp)
trap 'rm -f "$made" "$made.out"' EXIT
sh test/arm/setup.sh >"$made"
passed=0
failed=0
for node in ${NODES:-20 22 24 arm-20.11}; do
  command=$(sed -n "s/^$node //p" "$made")
  [ -n "$command" ] || { echo "there is no Node $node here" >&2; exit 2; }
  echo
  echo "Node $($command -p 'process.version + " for " + process.arch')"
  CDRD_TEST_COMMAND="$command $FLAGS $PWD/dist/cdrd.mjs" CDRD_TEST_PATIENCE=12 \
    npx --no-install vitest run --config test/arm/vitest.config.ts ${ONLY:-} >"$made.out" 2>&1 || :
  grep -vE '^$|✓' "$made.out" || :
  count=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$made.out" | tail -n 1)
  : "${count:=0 1}"
  case $node in
    arm-*) echo "$node: ${count% *} passed, ${count#* } failed: tried, not counted" ;;
    *)
      passed=$((passed + ${count% *}))
      failed=$((failed + ${count#* }))
      ;;
  esac
done
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
