/**
 * The box as its users see it: the daemon over HTTP, its PBX, what is plugged in. It is switched on and off; its flash
 * stays what it is.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../fault/box.ts';
import { makeFlash } from './flash.ts';
import { Machine } from './machine.ts';
import { type BoxPbx, boxPbx } from './pbx.ts';
import { AMI_PORT, CSV, HTTP_PORT, MOUNT, PBX_PORT } from './places.ts';

/** Seconds from switching on to the first answer, at most: 12 with two idle cores, ten times that with twenty programs on them. */
export const START_SECONDS = 240;

/** A call is closed ten seconds after its last record at the latest, while Asterisk is away; emulated all takes longer. */
export const CLOSED_SECONDS = 40;

export interface Health {
  readonly status: string;
  readonly recordings: { readonly state: string; readonly why: string; readonly [more: string]: unknown };
  readonly [more: string]: unknown;
}
export type Row = Readonly<Record<string, unknown>>;

export class Box {
  readonly url: string;
  /** Where its AMI is on 127.0.0.1. */
  readonly ami: number;
  readonly pbx: BoxPbx;
  readonly folder: string;
  readonly flash: string;
  private readonly ports: readonly (readonly [number, number])[];
  private key = '';
  private current: Machine | null = null;

  static async make(): Promise<Box> {
    const folder = await mkdtemp(join(tmpdir(), 'cdrd-appliance-'));
    // Whose it is: run.sh removes what an interrupted run left.
    await writeFile(join(folder, 'pid'), String(process.pid));
    const flash = await makeFlash(folder);
    const [http, ami, pbx] = [await freePort(), await freePort(), await freePort()];
    return new Box(folder, flash, { http, ami, pbx });
  }

  private constructor(folder: string, flash: string, ports: { http: number; ami: number; pbx: number }) {
    this.folder = folder;
    this.flash = flash;
    this.url = `http://127.0.0.1:${ports.http}`;
    this.ami = ports.ami;
    this.pbx = boxPbx(`http://127.0.0.1:${ports.pbx}`);
    this.ports = [
      [HTTP_PORT, ports.http],
      [AMI_PORT, ports.ami],
      [PBX_PORT, ports.pbx],
    ];
  }

  get machine(): Machine {
    if (!this.current) throw new Error('the box is off');
    return this.current;
  }

  /** Switches it on; resolves when the daemon answers and Asterisk has let it in. @returns seconds from the switch. */
  async on(): Promise<number> {
    const base = process.env['CDRD_APPLIANCE'];
    if (!base) throw new Error('CDRD_APPLIANCE names no box: make test-appliance sets it');
    const began = performance.now();
    this.current = await Machine.start({ base, folder: this.folder, flash: this.flash, ports: this.ports });
    await until('/healthz', () => this.health().catch(() => null), START_SECONDS);
    const seconds = (performance.now() - began) / 1000;
    await until('Asterisk up', async () => (await this.health())['asterisk']?.state === 'up', 60);
    this.key ||= await this.makeKey();
    return seconds;
  }

  /** As {@link Machine.cut}. */
  async cut(): Promise<void> {
    await this.machine.cut();
    this.current = null;
  }

  async end(): Promise<void> {
    await this.current?.cut();
    if (process.env['CDRD_KEEP']) {
      await rm(join(this.folder, 'pid'));
      console.log(`kept: ${this.folder}`);
    } else await rm(this.folder, { recursive: true, force: true });
  }

  async health(): Promise<Health & Readonly<Record<string, { state: string } | undefined>>> {
    return (await this.fetch('/healthz', 20)).json() as never;
  }

  /** A request with the test's key. */
  fetch(path: string, seconds = 30): Promise<Response> {
    return fetch(this.url + path, {
      headers: this.key ? { Authorization: `Bearer ${this.key}` } : {},
      signal: AbortSignal.timeout(seconds * 1000),
    });
  }

  /** The answer of one of the guide's numbers, which must be 200. */
  async ask(number: number, parameters = ''): Promise<Record<string, unknown>> {
    const answer = await this.fetch(`/cgi/webserve/${number}?${parameters}`);
    if (answer.status !== 200) throw new Error(`${number}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  /** Every call that is closed, oldest first. */
  async calls(): Promise<readonly Row[]> {
    return (await this.ask(9006, 'startdate=2001-01-01 00:00&order=asc'))['json_array_astcdrs'] as Row[];
  }

  /** Every recording that is known, oldest first. */
  async recordings(): Promise<readonly Row[]> {
    return (await this.ask(20053, 'startdate=2001-01-01 00:00&order=asc'))['json_array_recordings'] as Row[];
  }

  /** Lines of Asterisk's CSV; none when it has written none yet. */
  async csv(): Promise<readonly string[]> {
    return (await this.machine.output(`cat ${CSV} 2>/dev/null || :`)).split('\n').filter(Boolean);
  }

  /** The disk that has come. @param before What `ls /sys/block` said. */
  async newDisk(before: string): Promise<string> {
    return until(
      'a new disk',
      async () => {
        const disks = (await this.machine.output('ls /sys/block')).split('\n');
        return disks.find((disk) => /^sd/.test(disk) && !before.split('\n').includes(disk)) ?? null;
      },
      20,
    );
  }

  /** Mounts a stick as a box does it: files belong to Asterisk's group. @param device `sda`. */
  async mount(device: string, type: 'vfat' | 'exfat'): Promise<void> {
    await until(`/dev/${device}`, async () => (await this.machine.run(`[ -b /dev/${device} ]`)).code === 0, 20);
    await this.machine.output(`mount -t ${type} -o noatime,uid=101,gid=101,umask=002 /dev/${device} ${MOUNT}`);
    await this.machine.output(`mkdir -p ${MOUNT}/monitor`);
  }

  private async makeKey(): Promise<string> {
    const digest = createHash('md5').update('admin').digest('hex');
    const login = await this.fetch(`/cgi/webserve/8404?&UserName=admin&Password=${digest}`);
    this.key = ((await login.json()) as { token: string }).token;
    const made = await this.ask(30011, 'name=appliance&role=admin');
    return made['key'] as string;
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address === null || typeof address === 'string' ? reject() : resolve(address.port)));
    });
  });
}
