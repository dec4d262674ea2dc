/** An AMI client for tests that shows every byte: what came is there to be looked at, waited for and compared. */
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { askDaemon } from '../../daemon/control/client.ts';
import { createPacketReader, formatPacket, type Packet } from '../../daemon/wire/packet.ts';
import type { TestDaemon } from '../support/daemon.ts';
import type { AtEnd } from '../support/folder.ts';
import { PATIENCE } from '../support/patience.ts';

export const GREETING = 'Asterisk Call Manager/1.1\r\n';
export const SECRET = 'p4ssword-in-no-log';
/** Milliseconds for what comes at once on an idle machine. */
const PATIENCE_MS = 15_000 * PATIENCE;

export interface AmiTestClient {
  readonly socket: Socket;
  /** Everything that came, and has not been taken. */
  text: string;
  /** Packets, in order; the greeting is none. */
  readonly packets: Packet[];
  readonly closed: boolean;
  send(text: string): void;
  /** Sends an action with an ActionID of its own and gives the answer. */
  ask(action: string, headers?: Readonly<Record<string, string>>): Promise<Packet>;
  /** The first packet like this one, from `from` on. */
  find(like: (packet: Packet) => boolean): Promise<Packet>;
  /** Events of a name so far. */
  events(name?: string): Packet[];
  until(what: string, holds: () => boolean): Promise<void>;
  end(): void;
}

export async function connectClient(
  where: number | string,
  { atEnd = onTestFinished, ownAddress }: { atEnd?: AtEnd; ownAddress?: string } = {},
): Promise<AmiTestClient> {
  const socket =
    typeof where === 'string'
      ? connect(where)
      : connect({ port: where, host: '127.0.0.1', ...(ownAddress && { localAddress: ownAddress }) });
  const packets: Packet[] = [];
  const looks = new Set<() => void>();
  let closed = false;
  let lastId = 0;
  const look = () => {
    for (const each of looks) each();
  };
  const reader = createPacketReader(
    { line: 262_144, lines: 4_096, bytes: 1_048_576 },
    { packet: (packet) => packets.push(packet), fault: (fault) => packets.push(faulty(fault)), greeting() {} },
    { greeting: true },
  );
  const client: AmiTestClient = {
    socket,
    text: '',
    packets,
    get closed() {
      return closed;
    },
    send: (text) => void socket.write(text),
    async ask(action, headers = {}) {
      const id = `test-${++lastId}`;
      client.send(formatPacket([['Action', action], ...Object.entries(headers), ['ActionID', id]]));
      return client.find((packet) => packet.first[0] === 'Response' && packet.get('ActionID') === id);
    },
    async find(like) {
      let found: Packet | undefined;
      await client.until('a packet', () => {
        found = packets.find(like);
        return found !== undefined;
      });
      return found as Packet;
    },
    events: (name) =>
      packets.filter(({ first: [kind, event] }) => kind === 'Event' && (name === undefined || event === name)),
    until(what, holds) {
      return new Promise((resolve, reject) => {
        const end = (error?: Error) => {
          clearTimeout(late);
          looks.delete(check);
          if (error) reject(error);
          else resolve();
        };
        const late = setTimeout(
          () => end(new Error(`${what}: not within ${PATIENCE_MS / 1000} s; it got ${client.text.slice(-2_000)}`)),
          PATIENCE_MS,
        );
        const check = () => holds() && end();
        looks.add(check);
        check();
      });
    },
    end: () => void socket.destroy(),
  };
  socket.on('data', (bytes) => {
    client.text += bytes.toString('utf8');
    reader.push(bytes);
    look();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    closed = true;
    look();
  });
  atEnd(() => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return client;
}

function faulty(fault: string): Packet {
  return { raw: Buffer.from(fault), first: [fault, ''], headers: [], get: () => '' };
}

/** Connects and logs in. @param events The mask. */
export async function logInClient(
  where: number | string,
  user: string,
  { secret = SECRET, events = 'on', atEnd }: { secret?: string; events?: string; atEnd?: AtEnd } = {},
): Promise<AmiTestClient> {
  const client = await connectClient(where, atEnd ? { atEnd } : {});
  const answer = await client.ask('Login', { Username: user, Secret: secret, Events: events });
  if (answer.get('Response') !== 'Success') throw new Error(`${user} is refused: ${answer.get('Message')}`);
  return client;
}

export const keyOf = (challenge: string, secret: string) =>
  createHash('md5')
    .update(challenge + secret)
    .digest('hex');

export interface UserChange {
  readonly secret?: string;
  readonly read?: string;
  readonly write?: string;
  readonly permit?: string;
  readonly extras?: boolean;
}

const words = (text: string) => text.split(',').filter(Boolean);

/** As `cdrd ami-user set` does it while the daemon runs. */
export async function setUser(
  daemon: Pick<TestDaemon, 'folder'>,
  name: string,
  change: UserChange = {},
): Promise<void> {
  const { secret = SECRET, read = 'all', write = '', permit = '', extras = false } = change;
  await askDaemon(`${daemon.folder}/run`, {
    command: 'ami-user.set',
    name,
    secret,
    read: words(read),
    write: words(write),
    permit: words(permit),
    extras,
  });
}

export const removeUser = (daemon: Pick<TestDaemon, 'folder'>, name: string) =>
  askDaemon(`${daemon.folder}/run`, { command: 'ami-user.remove', name });

/** Where TCP is served. */
export function amiPort({ ami }: Pick<TestDaemon, 'ami'>): number {
  const port = ami.addresses[0]?.port;
  if (!port) throw new Error('AMI is not served');
  return port;
}
