/**
 * What a client and our AMI say to each other, as documents: conversations/*.txt, taken from a real Asterisk 16.28 and
 * held here byte for byte. In them:
 *
 *     # a remark                      user: NAME  read=… write=… (the secret is `password`)   pbx: none
 *     > what the client sends        < what it gets           == closed
 *     P< what the PBX is asked       P> what it answers       (`{id}`: the ActionID that it was asked with)
 *
 * Lines end with CRLF, those of a client with `line ends: LF` with LF alone. `{timestamp}`, `{number}` and `{challenge}`
 * stand for what differs from time to time, `{same}` for the challenge once more, `{y*2000}` for so many of a character,
 * `{key}` for the MD5 of challenge and secret.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Packet } from '../../daemon/wire/packet.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { type AmiTestClient, amiPort, connectClient, keyOf, setUser } from './client.ts';
import { type ScriptedPbx, startScene } from './pbx.ts';

const atEnd = atFileEnd();

const FOLDER = new URL('conversations/', import.meta.url);
const PASSWORD = 'password';
/** Milliseconds in which nothing more may come. */
const QUIET_MS = 150;

interface Conversation {
  readonly users: readonly { readonly name: string; readonly read: string; readonly write: string }[];
  readonly withPbx: boolean;
  readonly lineEnd: string;
  readonly steps: readonly { readonly kind: string; readonly text: string }[];
}

function parse(text: string): Conversation {
  const users: Conversation['users'][number][] = [];
  const steps: { kind: string; text: string }[] = [];
  let withPbx = true;
  let lineEnd = '\r\n';
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('#') || line === '') continue;
    const user = /^user: (\S+)\s+read=(\S*)\s+write=(\S*)$/.exec(line);
    const [, kind, rest = ''] = /^(P?[<>])(?: (.*))?$/.exec(line) ?? [];
    if (user) users.push({ name: user[1] ?? '', read: user[2] ?? '', write: user[3] ?? '' });
    else if (line === 'pbx: none') withPbx = false;
    else if (line === 'line ends: LF') lineEnd = '\n';
    else if (line === '== closed') steps.push({ kind: '==', text: '' });
    else if (kind) {
      const full = `${rest.replaceAll(/\{(.)\*(\d+)\}/g, (_, one: string, count: string) => one.repeat(Number(count)))}${kind === '>' ? lineEnd : '\r\n'}`;
      const last = steps.at(-1);
      if (last?.kind === kind) last.text += full;
      else steps.push({ kind, text: full });
    } else throw new Error(`what is this line: ${line}`);
  }
  return { users, withPbx, lineEnd, steps };
}

const PATTERNS: Readonly<Record<string, string>> = {
  // On a slow medium its events may have come first.
  newest: '[0-6]',
  timestamp: '\\d{10}\\.\\d{6}',
  number: '\\d+',
  challenge: '(?<challenge>\\d{9,10})',
  id: '(?<id>\\S+)',
};

function patternOf(text: string): RegExp {
  const parts = text.split(/\{(\w+)\}/);
  const quoted = parts.map((part, index) =>
    index % 2 === 0 ? part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : (PATTERNS[part] ?? 'no such placeholder'),
  );
  return new RegExp(`^${quoted.join('')}`);
}

interface Asked {
  readonly request: Packet;
  answer(text: string): void;
}

const places: { pbx: ScriptedPbx | null; daemon: TestDaemon }[] = [];
beforeAll(async () => {
  const { daemon, pbx } = await startScene(atEnd);
  places.push({ daemon, pbx }, { daemon: await startDaemon({}, { atEnd }), pbx: null });
});

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));

describe('conversations', () => {
  test('are there', () => expect(files.length).toBeGreaterThan(20));

  test.each(files)('%s', async (name) => {
    const { users, withPbx, steps } = parse(readFileSync(new URL(name, FOLDER), 'utf8'));
    const place = places[withPbx ? 0 : 1];
    if (!place) throw new Error('nothing runs');
    const { daemon, pbx } = place;
    for (const { name, read, write } of users) await setUser(daemon, name, { secret: PASSWORD, read, write });
    const asked: Asked[] = [];
    if (pbx) pbx.asked = (request, session) => asked.push({ request, answer: (text) => session.send(text) });
    const client = await connectClient(amiPort(daemon));
    let challenge = '';
    let current: Asked | undefined;
    let id = '';
    for (const { kind, text } of steps) {
      if (kind === '>') client.send(text.replaceAll('{key}', keyOf(challenge, PASSWORD)));
      else if (kind === '<')
        challenge = (await taken(client, text.replaceAll('{same}', challenge)))['challenge'] ?? challenge;
      else if (kind === '==') await client.until('the end', () => client.closed);
      else if (kind === 'P<') {
        await client.until('the PBX is asked', () => asked.length > 0 || nudge(client));
        current = asked.shift();
        const got = current?.request.raw.toString() ?? '';
        const match = patternOf(text).exec(got);
        if (!match) expect(got).toBe(text);
        id = match?.groups?.['id'] ?? '';
      } else if (kind === 'P>') current?.answer(text.replaceAll('{id}', id));
    }
    await pause(QUIET_MS);
    expect(client.text).toBe('');
    expect(asked).toEqual([]);
    client.end();
  });
});

/** The client hears nothing while the PBX is asked: so it is looked again a moment later. */
function nudge(client: AmiTestClient): false {
  setTimeout(() => client.socket.emit('data', Buffer.alloc(0)), 10);
  return false;
}

/** Waits for these bytes and takes them. @returns what stood for its placeholders. */
async function taken(client: AmiTestClient, text: string): Promise<Readonly<Record<string, string>>> {
  const pattern = patternOf(text);
  await client.until('what is said', () => pattern.test(client.text)).catch(() => {});
  const match = pattern.exec(client.text);
  if (!match) expect(client.text).toBe(text);
  client.text = client.text.slice(match?.[0].length ?? 0);
  return { ...match?.groups };
}
