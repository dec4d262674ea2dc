/** Who guesses secrets of the AMI waits, as who guesses passwords; the owner elsewhere and programs on the box don't. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createThrottle } from '../../cgi/access/throttle.ts';
import type { SessionServices } from '../../daemon/ami/conversation.ts';
import { createRelay } from '../../daemon/ami/relay.ts';
import { createAmiSession } from '../../daemon/ami/session.ts';
import { openAmiUsers } from '../../daemon/ami/users.ts';
import { amiLimits, sessionLimits } from '../../daemon/limits.ts';
import { createLog } from '../../daemon/log.ts';
import { parsePacket } from '../../daemon/wire/packet.ts';
import { temporaryFolder } from '../support/folder.ts';

async function box() {
  const time = { ms: 0 };
  const users = await openAmiUsers(temporaryFolder(onTestFinished));
  for (const name of ['crm', 'other'])
    await users.set({
      name,
      secret: `${name}-secret`,
      read: [],
      write: [],
      permit: ['0.0.0.0/0', '::/0'],
      extras: false,
    });
  const relay = createRelay(amiLimits);
  onTestFinished(() => relay.close());
  const services: SessionServices = {
    users,
    relay,
    upstream: { uptime: () => null } as unknown as SessionServices['upstream'],
    replay: {} as SessionServices['replay'],
    limits: { ...amiLimits, refusedMs: 0 },
    throttle: createThrottle(sessionLimits, { clock: () => time.ms }),
    log: createLog({ level: 'error', write: () => {}, terminal: false }),
    notes: { done() {}, refused() {} },
    onListening() {},
  };

  /** A connection of its own. @returns what it was told. */
  async function logIn(address: string, name: string, secret: string): Promise<string> {
    let said = '';
    const send = (bytes: Buffer | string) => {
      said += bytes.toString();
    };
    const session = createAmiSession({ address, send, unread: 0, end() {} }, services);
    const lines = ['Action: Login', `Username: ${name}`, `Secret: ${secret}`, 'Events: off'];
    session.packet(parsePacket(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)));
    for (let turns = 0; said === '' && turns < 1_000; turns++) await pause(1);
    session.close();
    return /Message: (.*)\r/.exec(said)?.[1] ?? '';
  }
  return { time, logIn };
}

const NO = 'Authentication failed';
const YES = 'Authentication accepted';

test('after five wrong secrets even the right one is refused, in the same words, until the wait is over', async () => {
  const { time, logIn } = await box();
  for (let tries = 0; tries < 6; tries++) expect(await logIn('192.0.2.7', 'crm', 'guess')).toBe(NO);
  expect(await logIn('192.0.2.7', 'crm', 'crm-secret')).toBe(NO);
  expect(await logIn('192.0.2.7', 'other', 'other-secret')).toBe(YES);
  expect(await logIn('192.0.2.8', 'crm', 'crm-secret')).toBe(YES);
  time.ms += 1_000;
  expect(await logIn('192.0.2.7', 'crm', 'crm-secret')).toBe(YES);
});

test('a name of nobody is waited for likewise, and so is an address that tries many', async () => {
  const { time, logIn } = await box();
  for (let tries = 0; tries < 40; tries++) await logIn('192.0.2.7', `nobody${tries}`, 'guess');
  expect(await logIn('192.0.2.7', 'crm', 'crm-secret')).toBe(NO);
  time.ms += 61_000;
  expect(await logIn('192.0.2.7', 'crm', 'crm-secret')).toBe(YES);
});

test.each(['127.0.0.1', '::1', ''])('programs on the box (%j) never wait for one another', async (address) => {
  const { logIn } = await box();
  for (let tries = 0; tries < 40; tries++) expect(await logIn(address, 'crm', 'guess')).toBe(NO);
  expect(await logIn(address, 'other', 'other-secret')).toBe(YES);
});
