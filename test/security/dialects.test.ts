/**
 * Every function of every dialect × everybody who may ask for it, over the wire, against dialects.txt: what a product's own
 * form makes of rights opens no more than the numbers do. Each asks from an address of its own: what slows down guessing
 * must not answer here.
 */
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { DIALECT_NAMES, type DialectName } from '../../cgi/dialect/table.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { functionsOf } from '../support/dialect-reference.ts';
import { atFileEnd } from '../support/folder.ts';
import { sectionOf } from './rights.ts';

/** Which of them a dialect's lines know. */
const MAY = {
  elastix: ['known', 'both', 'admin', 'scope'],
  mor: ['anybody', 'login', 'admin', 'scope'],
  voipmonitor: ['anybody', 'login', 'both', 'admin', 'scope'],
} as const;

interface Line {
  readonly function: string;
  readonly may: string;
  readonly number: string;
  readonly asked: string;
}

const linesOf = (name: DialectName): readonly Line[] =>
  sectionOf('./dialects.txt', name.toUpperCase(), 'function', 'may', 'number', 'asked');
const askersOf = (name: DialectName) =>
  sectionOf('./dialects.txt', `${name.toUpperCase()} ASKERS`, 'asker', ...MAY[name]) as readonly Readonly<
    Record<string, string>
  >[];

const atEnd = atFileEnd();
let daemon: TestDaemon;
/** For a machine that does much besides. */
const PATIENCE_MS = 120_000;
const SECRET = 'a-secret-of-programs';
const SCOPES = 'extension.secrets,firewall,call.place,cdr.share';
/** What an asker shows, by its name in dialects.txt; those whose key is for this or for everything else are made when they ask. */
const shows = new Map<string, string>();

beforeAll(async () => {
  const on = DIALECT_NAMES.map((name) => [`CDRD_${name.toUpperCase()}_ENABLED`, 'yes'] as const);
  const callback = { CDRD_MOR_CALLBACK: 'yes', CDRD_MOR_CALLBACK_NUMBERS: '0049*' };
  daemon = await startDaemon({ ...Object.fromEntries(on), ...callback }, { atEnd });
  await done(`30057?dialect=mor&secret=${SECRET}`);
  const users = ['5=shop:201-204', '6=desk:202', '7=other:301'].map((line) => `${line}\n`).join('');
  await done(`30017?mor.users=${encodeURIComponent(users)}`);
  for (const role of ['monitor', 'admin'] as const) {
    shows.set(`a session of ${role}`, daemon.sessions.begin({ user: role, role }).token);
    shows.set(`a key of ${role}`, (await key(role)).key);
  }
  shows.set('a key of admin with every scope', (await key('admin', `&scopes=${SCOPES}`)).key);
  const revoked = await key('admin');
  await done(`30012?id=${revoked.id}`);
  shows.set('a revoked key', revoked.key);
  shows.set('a key that nobody has', `cdrd-abcdefgh-${'x'.repeat(43)}`);
  const left = daemon.sessions.begin({ user: 'admin', role: 'admin' }).token;
  await fetch(`${daemon.url}/cgi/webserve/30005`, { headers: { Authorization: `Bearer ${left}` } });
  shows.set('a session that logged out', left);
}, PATIENCE_MS);

async function done(asked: string): Promise<Record<string, unknown>> {
  const answer = await daemon.get(`/cgi/webserve/${asked}`);
  expect(answer.status, asked).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

async function key(role: 'admin' | 'monitor', more = ''): Promise<{ readonly id: string; readonly key: string }> {
  const made = await done(`30011?name=program&role=${role}${more}`);
  return { id: String(made['id']), key: String(made['key']) };
}

/** A key of admin for one number alone; null: there is none for this. */
const limited = new Map<string, string>();
async function keyFor(number: string): Promise<string> {
  const known = limited.get(number) ?? (await key('admin', `&numbers=${number}`)).key;
  limited.set(number, known);
  return known;
}

/** What somebody shows for a function, and by what: a key or a session alone, or a user with his password. */
interface Shown {
  readonly user?: string;
  readonly secret: string | null;
}

/** @param row Names that fail are others for each function: what slows down guessing must not answer here. */
async function shownBy(asker: string, number: string, row: number): Promise<Shown> {
  const [, user] = /^the password of (admin|monitor)$/.exec(asker) ?? [];
  if (user !== undefined) return { user, secret: user };
  if (asker === 'nobody') return { secret: null };
  if (asker === 'a user that nobody knows') return { user: `stranger-${row}`, secret: 'guess' };
  if (asker === 'a wrong password') {
    await done(`30008?role=admin&UserName=owner-${row}&Password=${'5'.repeat(32)}`);
    return { user: `owner-${row}`, secret: 'guess' };
  }
  if (asker === 'a revoked key') return { user: `program-${row}`, secret: shows.get(asker) ?? null };
  if (asker === 'a key of admin for this')
    return { user: 'program', secret: await keyFor(number === '-' ? '9006' : number) };
  // No dialect has the truth report.
  if (asker === 'a key of admin for something else') return { user: 'program', secret: await keyFor('30029') };
  if (asker === 'a key under another name') return { user: 'admin', secret: shows.get('a key of admin') ?? null };
  const secret = shows.get(asker);
  if (secret === undefined) throw new Error(`nothing is known of ${asker}`);
  return { user: 'program', secret };
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly location: string;
}

function send(asked: string, headers: Readonly<Record<string, string>>, from: string): Promise<Answer> {
  const [, method = 'GET', target = ''] = /^(GET|POST|HEAD) (\S.*)$/.exec(asked) ?? [];
  return new Promise((resolve, reject) => {
    const sent = request(daemon.url, { path: encodeURI(target), method, agent: false, localAddress: from, headers });
    sent.once('error', reject);
    sent.once('response', (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, body, location: String(answer.headers['location'] ?? '') }),
      );
    });
    sent.end();
  });
}

const withQuery = (asked: string, more: Readonly<Record<string, string>>) => {
  const query = Object.entries(more).map(([name, value]) => `${name}=${value}`);
  return query.length === 0 ? asked : `${asked}${asked.includes('?') ? '&' : '?'}${query.join('&')}`;
};

/** What was neither turned away nor let through has failed. */
const outcomeOf = (status: number) => ([429, 500].includes(status) ? String(status) : 'through');

/** How each product's clients show who they are, and how each says who is turned away, and why. */
const FORMS: Readonly<
  Record<
    DialectName,
    {
      ask(asked: string, shown: Shown, from: string): Promise<Answer>;
      outcome(answer: Answer): string;
    }
  >
> = {
  elastix: {
    ask: (asked, { secret }, from) => send(asked, secret === null ? {} : { Authorization: secret }, from),
    outcome({ status, body }) {
      if (status === 200 && (body === 'key not found' || body === 'key not matched')) return body;
      if (status === 403 && /may not do this|needs the scope/.test(body)) return 'denied';
      return outcomeOf(status);
    },
  },
  voipmonitor: {
    ask(asked, { user, secret }, from) {
      if (secret !== null && !secret.startsWith('cdrd-') && user === 'program')
        return send(asked, { Cookie: `PHPSESSID=${secret}` }, from);
      return send(
        secret === null ? asked : withQuery(asked, { user: user ?? '', password: secret, pass: secret }),
        {},
        from,
      );
    },
    outcome({ status, body }) {
      if (/unknown user or wrong password|begins no session/.test(body)) return 'login';
      if (body.includes('may not do this')) return 'denied';
      return outcomeOf(status);
    },
  },
  mor: {
    ask(asked, { user, secret }, from) {
      if (secret === null) return send(asked, {}, from);
      if (asked.includes('/api/login')) return send(withQuery(asked, { u: user ?? '', p: secret }), {}, from);
      const isCookie = user?.startsWith('program') || secret.startsWith('cdrd-');
      return send(asked, isCookie ? { Cookie: `_mor_session=${secret}` } : {}, from);
    },
    outcome({ status, body }) {
      if (/Please log in|Unknown user or wrong password/.test(body)) return 'login';
      if (/may not (do this|place calls)|is no user of this API/.test(body)) return 'denied';
      return outcomeOf(status);
    },
  },
};

describe.each(DIALECT_NAMES)('%s', (name) => {
  test('every function has a line, and every line one of them', async () => {
    const functions = (await functionsOf(name)).map((each) => each.name);
    expect(linesOf(name).map((line) => line.function)).toEqual(functions);
  });

  const asked = linesOf(name).map((line, row) => ({ ...line, row }));
  test.each(asked.filter(({ may }) => !['=', 'hash'].includes(may)))(
    '$function is open to $may',
    async ({ may, number, asked, row }) => {
      const found: Record<string, string> = {};
      const expected: Record<string, string> = {};
      for (const [column, { asker = '', ...answers }] of askersOf(name).entries()) {
        const from = `127.${40 + DIALECT_NAMES.indexOf(name)}.${row + 1}.${column + 1}`;
        const answer = await FORMS[name].ask(asked, await shownBy(asker, number, row), from);
        found[asker] = FORMS[name].outcome(answer);
        expected[asker] = answers[may] ?? `no column ${may}`;
      }
      expect(found).toEqual(expected);
    },
  );
});

describe('mor, by a hash', () => {
  const hash = (text: string) => createHash('sha1').update(text).digest('hex');
  /** Name, whom it is about, and what is hashed before the secret where that isn't whom it is about. */
  const ASKED: Readonly<Record<string, { u?: string; about: string; hash?: string; get?: true }>> = {
    nobody: { about: '0', hash: '' },
    'a name that nobody knows': { u: 'stranger', about: '0' },
    'a name that nobody knows, by a wrong hash': { u: 'stranger', about: '0', hash: '0'.repeat(40) },
    monitor: { u: 'monitor', about: '0' },
    'admin, by a wrong hash': { u: 'admin', about: '0', hash: '0'.repeat(40) },
    'admin, by the hash of the secret alone': { u: 'admin', about: '0', hash: hash(SECRET) },
    'admin, by the hash for another': { u: 'admin', about: '0', hash: hash(`5${SECRET}`) },
    'admin, by GET': { u: 'admin', about: '0', get: true },
    admin: { u: 'admin', about: '0' },
    'admin about nobody': { u: 'admin', about: '99' },
    'a user': { u: 'desk', about: '6' },
    'a user about another': { u: 'desk', about: '7' },
    'a user about admin': { u: 'desk', about: '0' },
    'a reseller about his user': { u: 'shop', about: '6' },
    "a reseller about another's": { u: 'shop', about: '7' },
    "a key's name, by the key": { u: 'program', about: '0', hash: 'key' },
  };
  const lines = sectionOf('./dialects.txt', 'MOR HASH', 'asked by', 'local_calls_get', 'user_details_get');

  test.each(lines.map((line) => [line['asked by'], line] as const))('%s', async (_, line) => {
    const row = lines.indexOf(line);
    const { u, about, hash: given, get } = ASKED[line['asked by']] ?? { about: 'nothing is known of it' };
    const shown = given === 'key' ? hash(shows.get('a key of admin') ?? '') : (given ?? hash(`${about}${SECRET}`));
    for (const [column, [name, parameter]] of [
      ['local_calls_get', 's_user'],
      ['user_details_get', 'user_id'],
    ].entries() as IterableIterator<[number, ['local_calls_get' | 'user_details_get', string]]>) {
      const query = new URLSearchParams({ ...(u !== undefined && { u }), [parameter]: about, hash: shown });
      const from = `127.60.${row + 1}.${column + 1}`;
      const { status, body } = await send(`${get ? 'GET' : 'POST'} /api/${name}?${query}`, {}, from);
      const [, error] = /<error>(.*)<\/error>/.exec(body) ?? [];
      expect([name, error ?? outcomeOf(status)]).toEqual([name, line[name]]);
    }
  });
});
