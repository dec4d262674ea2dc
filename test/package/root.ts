/**
 * A Debian system without systemd, thrown away after each script: an overlay in memory over the root that
 * test/asterisk/setup.sh keeps, with processes, network and host name of its own. Whatever a script starts ends with it.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/folder.ts';

export interface Ran {
  readonly status: number | null;
  /** Standard output and standard error, as they came. */
  readonly output: string;
  /** What came behind a line `== NAME`, up to the next. */
  part(name: string): string;
}

const MOUNTED = `
  set -e
  mount -t tmpfs tmpfs "$TOP/disk"
  mkdir "$TOP/disk/up" "$TOP/disk/work"
  mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$TOP/disk/up,workdir=$TOP/disk/work" "$TOP/root"
  mount -t proc proc "$TOP/root/proc"
  mount --rbind /dev "$TOP/root/dev"
  mkdir -p "$TOP/root/packages"
  mount --bind "$TOP/packages" "$TOP/root/packages"
  ip link set lo up
  exec chroot "$TOP/root" /bin/sh -c "$SCRIPT"
`;

/** As a machine that SysV's init has started: without it invoke-rc.d starts nothing. */
const AS_STARTED = `
  export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
  printf '#!/bin/sh\\necho N 2\\n' >/sbin/runlevel
  printf '#!/bin/sh\\nexit 0\\n' >/usr/sbin/policy-rc.d
  chmod 755 /sbin/runlevel /usr/sbin/policy-rc.d
  # Its log goes where the script finds it.
  printf '#!/bin/sh\\nexec cat >>/tmp/log\\n' >/usr/bin/logger
  part() { printf '\\n== %s\\n' "$1"; }
  # Until a command succeeds; 30 s on a busy machine.
  until_so() { n=0; until "$@" >/dev/null 2>&1; do n=$((n+1)); [ $n -lt 150 ] || { echo "never: $*"; return 1; }; sleep 0.2; done; }
  is_ready() { grep -q 'cdrd is ready' /tmp/log; }
`;

/**
 * Runs a shell script as root in a fresh system.
 * @param packages Files that it finds in /packages, by the names there.
 */
export function inRoot(script: string, packages: Readonly<Record<string, string>>): Ran {
  const lower = process.env['CDRD_ASTERISK_ROOT'];
  if (!lower) throw new Error('CDRD_ASTERISK_ROOT is not set: make test-package does it');
  const top = temporaryFolder();
  for (const name of ['disk', 'root', 'packages']) mkdirSync(join(top, name));
  for (const [name, file] of Object.entries(packages)) copyFileSync(file, join(top, 'packages', name));
  const { status, stdout } = spawnSync(
    'unshare',
    ['--mount', '--pid', '--net', '--uts', '--ipc', '--fork', '--kill-child', 'sh', '-c', `(${MOUNTED}) 2>&1`],
    {
      encoding: 'utf8',
      timeout: 280_000,
      env: { PATH: process.env['PATH'], TOP: top, LOWER: lower, SCRIPT: `${AS_STARTED}\n${script}` },
    },
  );
  const part = (name: string) =>
    (stdout.split(/^== /m).find((each) => each.startsWith(`${name}\n`)) ?? '').slice(name.length + 1).trim();
  return { status, output: stdout, part };
}
