/** The daemon that is fuzzed, as the targets meet it, and what is looked at beside their answers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { askDaemon } from '../../../daemon/control/client.ts';
import { AMI_SECRET, type Box, EVER, PASSWORDS, total } from '../../security/box.ts';
import { md5 } from '../../security/clients.ts';
import type { Random } from '../../simulator/random.ts';
import { holds } from '../target.ts';
import type { Where } from './exchange.ts';

export interface SocketTarget {
  readonly name: string;
  /** Whose corpus; without it its own. */
  readonly corpus?: string;
  readonly words: readonly string[];
  /** Of a hundred inputs over sockets. */
  readonly share: number;
  /** @throws where anything is wrong. */
  run(input: Buffer, attacked: Attacked): Promise<void>;
}

export interface Login {
  /** '' = nobody's. */
  readonly token: string;
  readonly role: 'admin' | 'monitor' | '';
}

export interface Attacked {
  /** HTTP, from an address of 127.0.0.0/8: what one address may do is bounded, and not what is tried here. */
  http(choices: Random): Where;
  ami(choices: Random): Where;
  /** Path of the control socket. */
  readonly control: string;
  /** TOKEN and HOST in the bytes are replaced by such as hold. */
  filledIn(input: Buffer): Buffer;
  login(choices: Random): Promise<Login>;
  /** Its session has ended: an input may well have ended it. */
  loggedOut(token: string): void;
  /** What reached Asterisk since the last look. @throws for what no user of the fuzzed AMI may have done there. */
  judgeForwarded(): void;
  /** Whether it still does what it is there for. @throws when it doesn't. */
  judgeService(): Promise<void>;
  /** Lines of the log that tell of something inside that failed. */
  failures(): readonly string[];
  figures(): { readonly anonMb: number; readonly peakMb: number; readonly descriptors: number };
}

/** Granted by no class to any of these users: see daemon/ami/actions.ts. */
const NEVER =
  /^(command|getconfig|getconfigjson|updateconfig|createconfig|setvar|moduleload|reload|mixmonitor|monitor|agi|dbdel|dbdeltree|dialplanextensionadd|sipnotify|pjsipnotify)$/i;

export function attack(box: Box): Attacked {
  let tokens: { admin: string; monitor: string } = { ...box.tokens };
  let renewing: Promise<void> | null = null;
  let looked = 0;
  const control = join(box.folder, 'run', 'control.sock');

  /** By the console, whatever has become of the accounts. */
  async function renew(): Promise<void> {
    for (const role of ['admin', 'monitor'] as const)
      await askDaemon(join(box.folder, 'run'), { command: 'user.set', user: role, role, digest: md5(PASSWORDS[role]) });
    const tokenOf = async (user: 'admin' | 'monitor') =>
      String((await box.logIn(user, PASSWORDS[user], { from: addressOf(Math.random) })).field('token'));
    tokens = { admin: await tokenOf('admin'), monitor: await tokenOf('monitor') };
    renewing = null;
  }

  function renewed(): Promise<void> {
    renewing ??= renew();
    return renewing;
  }

  return {
    http: (choices) => ({ port: box.port, from: addressOf(choices.next) }),
    ami: (choices) => ({ port: box.ami, from: addressOf(choices.next) }),
    control,
    filledIn: (input) =>
      Buffer.from(
        input.toString('latin1').replaceAll('TOKEN', tokens.admin).replaceAll('HOST', `127.0.0.1:${box.port}`),
        'latin1',
      ),
    async login(choices) {
      if (tokens.admin === '' || tokens.monitor === '') await renewed();
      const kind = choices.next();
      if (kind < 0.75) return { token: tokens.admin, role: 'admin' };
      return kind < 0.95 ? { token: tokens.monitor, role: 'monitor' } : { token: '', role: '' };
    },
    loggedOut(token) {
      if (token === tokens.admin || token === tokens.monitor) tokens = { admin: '', monitor: '' };
    },
    judgeForwarded() {
      const requests = box.pbx.requests.slice(looked);
      looked += requests.length;
      for (const request of requests) {
        const action = request.get('Action').trim();
        holds(!NEVER.test(action), 'no class grants it', action);
        const names = request.headers.map(([name]) => name.trim().toLowerCase());
        if (/^originate$/i.test(action))
          holds(!names.includes('application') && !names.includes('data'), 'it starts no application', names);
        holds(names.filter((name) => name === 'actionid').length === 1, 'one ActionID, and ours', names);
      }
    },
    async judgeService() {
      const health = await box.ask('/healthz', { from: addressOf(Math.random) });
      holds(health.status === 200, 'it is well', health.body);
      if (tokens.admin === '') await renewed();
      let answer = await box.ask(`/cgi/webserve/9006?${EVER}`, { token: tokens.admin, from: addressOf(Math.random) });
      if (answer.status === 401) {
        await renewed();
        answer = await box.ask(`/cgi/webserve/9006?${EVER}`, { token: tokens.admin, from: addressOf(Math.random) });
      }
      holds(total(answer) >= 0, 'it lists calls', answer.body.slice(0, 200));
      const client = await box.amiClient(addressOf(Math.random));
      await client.ask('Login', { Username: 'clerk', Secret: AMI_SECRET });
      holds((await client.ask('Ping')).get('Ping') === 'Pong', 'the AMI answers');
      client.end();
    },
    failures() {
      const lines = readFileSync(join(box.folder, 'cdrd.log'), 'utf8').split('\n');
      return lines.filter((line) => /^<[0-3]>|FATAL|^ +at |Error:/.test(line));
    },
    figures() {
      const status = readFileSync(`/proc/${box.pid}/status`, 'utf8');
      const mb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
      return { anonMb: mb('RssAnon'), peakMb: mb('VmHWM'), descriptors: readdirSync(`/proc/${box.pid}/fd`).length };
    },
  };
}

/** @param next As of a Random. */
function addressOf(next: () => number): string {
  const part = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return `127.${part(80, 250)}.${part(0, 255)}.${part(1, 254)}`;
}
