/** A webhook to real receivers: what it sends, how long it waits, where it doesn't go. */
import { createServer, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { settingOf } from '../../cgi/settings/schema.ts';
import { isOutOfBounds, targetOf } from '../../daemon/alarm/reachable.ts';
import { inWords, post } from '../../daemon/alarm/webhook.ts';
import { freePort } from '../support/free-port.ts';
import { openReceiver } from './receiver.ts';

const send = (url: string, options: Partial<Parameters<typeof post>[0]> = {}) =>
  post({ url, localToo: true, body: '{"event":"test"}', ms: 2_000, program: 'cdrd/1', ...options }).then(
    () => '',
    (error: Error) => error.message,
  );

test('is one POST of JSON, answered by 2xx', async () => {
  const receiver = await openReceiver();
  expect(await send(receiver.url)).toBe('');
  expect(receiver.posted).toHaveLength(1);
  expect(receiver.posted[0]).toMatchObject({
    method: 'POST',
    path: '/alarms?box=7',
    headers: { 'content-type': 'application/json', 'user-agent': 'cdrd/1', host: `127.0.0.1:${receiver.port}` },
    body: { event: 'test' },
  });
});

test('any other answer is a failure, and a redirect is not followed', async () => {
  const receiver = await openReceiver();
  for (const status of [301, 307, 400, 500]) {
    receiver.status = status;
    expect(await send(receiver.url)).toBe(`127.0.0.1:${receiver.port} answered ${status}`);
  }
  expect(receiver.posted.map(({ path }) => path)).not.toContain('/elsewhere');
});

test('whoever does not answer is given up, and what is told of it never holds the path', async () => {
  const receiver = await openReceiver();
  receiver.status = 0;
  const said = [await send(receiver.url, { ms: 300 })];
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : 0;
  said.push(await send(`https://127.0.0.1:${port}/alarms`, { ms: 300 }));
  expect(said).toEqual([
    `127.0.0.1:${receiver.port}: it did not answer in time`,
    `127.0.0.1:${port}: it did not answer in time`,
  ]);
  const nobody = await freePort();
  expect(await send(`http://127.0.0.1:${nobody}/alarms`)).toBe(
    `127.0.0.1:${nobody}: nobody listens there (ECONNREFUSED)`,
  );
  expect(await send('http://nobody.invalid/alarms')).toMatch(
    /^the name nobody\.invalid (has no address \(ENOTFOUND|could not be asked for: .* \(EAI_AGAIN)\)$/,
  );
  expect(await send(`https://127.0.0.1:${receiver.port}/alarms`)).toMatch(/^127\.0\.0\.1:\d+: (EPROTO|ERR_SSL)/);
});

test('what keeps it from arriving is said in words, and the code behind them', () => {
  const said = (code: string) => inWords(Object.assign(new Error('x'), { code }));
  expect(said('ENETUNREACH')).toMatch(/^this box has no route there .*\(ENETUNREACH\)$/);
  expect(said('ECONNREFUSED')).toBe('nobody listens there (ECONNREFUSED)');
  expect(said('ETIMEDOUT')).toBe('it did not answer in time (ETIMEDOUT)');
  for (const code of ['EHOSTUNREACH', 'ECONNRESET', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT'])
    expect(said(code)).toMatch(new RegExp(`^[a-z' ,]+ \\(${code}\\)$`));
  expect(inWords(new Error('socket hang up'))).toBe('socket hang up');
});

test('neither the box itself nor link-local addresses are reached, whatever they are called', async () => {
  const own = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
  for (const address of [
    ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '169.254.169.254', '224.0.0.1', '255.255.255.255', '::', '::1'],
    ...['fe80::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1', '::ffff:169.254.169.254'],
    ...own,
    ...own.filter((address) => isIPv4(address)).map((address) => `::ffff:${address}`),
  ])
    expect([address, isOutOfBounds(address)]).toEqual([address, true]);
  for (const address of ['192.168.1.5', '10.0.0.9', '203.0.113.9', '2001:db8::9', 'fd00::9', '::ffff:192.168.1.5'])
    expect([address, isOutOfBounds(address, [])]).toEqual([address, false]);

  expect(isOutOfBounds('::ffff:c0a8:105', ['fd00::9', '192.168.1.5'])).toBe(true);

  const receiver = await openReceiver();
  for (const host of ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', '0'])
    expect(await send(`http://${host}:${receiver.port}/`, { localToo: false })).toMatch(/is this box itself/);
  expect(receiver.posted).toEqual([]);
  expect(await targetOf('[::1]', true)).toMatchObject({ address: '::1', family: 6 });
});

test('its setting takes an address of HTTP without a password', () => {
  const fault = (text: string) => settingOf('alarm.webhook')?.fault(text) ?? null;
  for (const sound of ['', 'https://example.com', 'http://192.168.1.5:8080/a?b=c']) expect(fault(sound)).toBe(null);
  for (const bad of [
    'example.com',
    'ftp://example.com',
    'file:///etc/passwd',
    'https://',
    'http://a b',
    'http://a\n',
    ' ',
  ])
    expect(fault(bad)).toMatch(/must be an address such as/);
  expect(fault('https://user:secret@example.com')).toBe('must not hold a user or a password');
  expect(fault(`https://example.com/${'x'.repeat(1024)}`)).toMatch(/1024/);
});
