/** The installed cdrd inside a booted machine, as a technician sees it: by systemctl, journalctl and curl. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/daemon.ts';
import { bootMachine, type Machine } from './machine.ts';

/** Boots one and installs the package that run.sh has made. */
export async function openBox(): Promise<Box> {
  const { CDRD_SYSTEMD_ROOT: lower, CDRD_SYSTEMD_PACKAGE: made } = process.env;
  if (!lower || !made) throw new Error('no root and no package: start the tests by test/systemd/run.sh');
  const box = new Box(await bootMachine(lower));
  const deb = readdirSync(made).find((name) => name.endsWith('.deb')) ?? '';
  copyFileSync(join(made, deb), join(box.root, 'root/cdrd.deb'));
  // Its Node is no package's.
  box.do('dpkg -i --force-depends /root/cdrd.deb');
  return box;
}

const PASSWORD = 'a long password';

export interface Health {
  readonly status: string;
  readonly [part: string]: unknown;
}

export class Box {
  private readonly machine: Machine;
  readonly sh: Machine['sh'];
  readonly do: Machine['do'];
  readonly inNetwork: Machine['inNetwork'];
  constructor(machine: Machine) {
    this.machine = machine;
    this.sh = machine.sh;
    this.do = machine.do;
    this.inNetwork = machine.inNetwork;
  }

  get root(): string {
    return this.machine.root;
  }
  stop(): Promise<void> {
    return this.machine.stop();
  }
  reboot(): Promise<void> {
    return this.machine.reboot();
  }

  /** What systemd says of the service. */
  property(name: string): string {
    return this.do(`systemctl show -p ${name} --value cdrd.service`).trim();
  }

  async active(seconds = 30): Promise<void> {
    await eventually(() => this.property('ActiveState') === 'active', seconds);
  }

  /** Its process as this machine numbers it. */
  hostPid(): number {
    const own = `NSpid:`;
    const inside = this.property('MainPID');
    const text = execFileSync('sh', ['-c', `grep -l cdrd.mjs /proc/[0-9]*/cmdline 2>/dev/null || true`], {
      encoding: 'utf8',
    });
    for (const file of text.split('\n').filter(Boolean)) {
      const pid = file.split('/')[2] ?? '';
      try {
        const line = readFileSync(`/proc/${pid}/status`, 'utf8')
          .split('\n')
          .find((each) => each.startsWith(own));
        const numbers = line?.slice(own.length).trim().split(/\s+/) ?? [];
        if (numbers.length > 1 && numbers.at(-1) === inside) return Number(pid);
      } catch {} // it has ended
    }
    throw new Error(`no process ${inside}`);
  }

  /** @returns null where nobody answers. */
  healthz(port: number, scheme = 'http', host = '127.0.0.1'): Health | null {
    const { status, text } = this.curl([`${scheme}://${host}:${port}/healthz`]);
    return status === 0 ? (JSON.parse(text) as Health) : null;
  }

  full(): Health {
    const health = this.healthz(80);
    if (!health) throw new Error('nobody answers');
    return health;
  }

  /** How a part stands; '' while nobody answers. */
  part(name: string): string {
    const part = this.healthz(80)?.[name] as { state?: string } | undefined;
    return part?.state ?? '';
  }

  logIn(): string {
    this.sh('cdrd user set admin --role admin', `${PASSWORD}\n`);
    const digest = createHash('md5').update(PASSWORD).digest('hex');
    const { text } = this.ask(`http://127.0.0.1/cgi/webserve/8404?&UserName=admin&Password=${digest}`);
    return (JSON.parse(text) as { token: string }).token;
  }

  ask(url: string, token = ''): { status: number; text: string } {
    const header = token === '' ? [] : ['-H', `Authorization: Bearer ${token}`];
    const { text } = this.curl(['-g', '-w', '\n%{http_code}', ...header, url]);
    const end = text.lastIndexOf('\n');
    return { status: Number(text.slice(end + 1)), text: text.slice(0, end) };
  }

  /** This machine's curl in that one's network. */
  private curl(args: readonly string[]): { status: number | null; text: string } {
    const pid = String(this.machine.pid());
    const all = ['-t', pid, '-n', '--', 'curl', '-sk', '-m', '10', ...args];
    const { status, stdout } = spawnSync('nsenter', all, { encoding: 'utf8', timeout: 20_000 });
    return { status, text: stdout };
  }
}
