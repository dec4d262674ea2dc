/** What the mask takes out of a text, and what it leaves. */
import { describe, expect, test } from 'vitest';
import { openDialectSecrets } from '../../daemon/dialect-secrets.ts';
import { createMask } from '../../daemon/support/mask.ts';
import { hiddenPartOf, secretsOf } from '../../daemon/support/secrets-of.ts';
import { temporaryFolder } from '../support/folder.ts';

const masked = (text: string, choice = {}) => createMask({ secrets: ['s3cret', '', 'abc'] }).text(text, choice);

describe('is taken out', () => {
  test.each([
    ['a number', 'call from 02112345678 failed', 'call from number-1 failed'],
    ['one with its country', 'to +4921112345', 'to number-1'],
    ['one with blanks', 'to +49 (211) 123-45, at once', 'to number-1, at once'],
    ['five digits', 'to 12345', 'to number-1'],
    ['a peer', 'SIP/02112345-0000001a and PJSIP/205-0000001b', 'SIP/peer-1-channel-1 and PJSIP/peer-2-channel-2'],
    ['a name', 'from "Eva Müller" <205>', 'from "name-1" <…>'],
    ['an escaped name', 'clid="\\"Eva\\" <205>"', 'clid="\\"name-1\\" <…>"'],
    ['a client', 'address=192.168.1.5 refused', 'address=ip-1 refused'],
    ['one of IPv6', 'from 2001:db8::5, port 80', 'from ip-1, port 80'],
    ['one mapped', 'from ::ffff:192.168.1.5', 'from ::ffff:ip-1'],
    ['a mail address', 'to it.eva@example.com', 'to mail-1'],
    ['a known secret', 'it was s3cret!', 'it was ***!'],
    ['a digest', `x ${'0123456789abcdef'.repeat(2)} y`, 'x *** y'],
    ['a password', 'password: hunter', 'password: ***'],
  ])('%s', (_, text, expected) => expect(masked(text)).toBe(expected));
});

describe('stays', () => {
  test.each([
    ['a time', '2026-11-27T10:20:45.123Z', '2026-11-27T10:20:45.123Z'],
    ['a date', '2026-11-27 10:20:45', '2026-11-27 10:20:45'],
    ['a version', 'Asterisk 22.10.0', 'Asterisk 22.10.0'],
    ['a port', '127.0.0.1:5039 and [::1]:5038', '127.0.0.1:5039 and [::1]:5038'],
    ['everybody', '0.0.0.0:80', '0.0.0.0:80'],
    ['a short text that is a secret by chance', 'abc', 'abc'],
    ['a path', '/media/usbStorage/monitor', '/media/usbStorage/monitor'],
    ['a range', '100-616', '100-616'],
  ])('%s', (_, text, expected) => expect(masked(text)).toBe(expected));

  test('an address of the configuration, and a figure of the log', () => {
    expect(masked('192.168.1.0/24', { addresses: true })).toBe('192.168.1.0/24');
    expect(masked('bytes=1234567 to 1234567', { figures: true })).toBe('bytes=1234567 to number-1');
  });
});

test('the same is called the same, in every text of an archive', () => {
  const mask = createMask({ secrets: [] });
  expect(mask.text('0211123456, 0211999999')).toBe('number-1, number-2');
  expect(mask.json({ a: ['0211999999', 12_345_678], b: null })).toEqual({ a: ['number-2', 12_345_678], b: null });
  expect(mask.text('+0211 999 999')).toBe('number-2');
});

test('the secret of a dialect is known as a whole, blanks and all', async () => {
  const stateDir = temporaryFolder();
  const secrets = await openDialectSecrets({
    stateDir,
    store: { write: async () => null as never },
    notes: { refused: () => {} },
    throttle: { begin: () => () => {} },
    log: { error: () => {} },
  });
  await secrets.set('mor', "Very 'Sercet' Key", { who: 'admin', address: '' });
  const mask = createMask({ secrets: await secretsOf(stateDir, []) });
  expect(mask.text("it was Very 'Sercet' Key!")).toBe('it was ***!');
});

test('of a webhook only scheme and host stay', () => {
  expect(hiddenPartOf('https://example.com')).toBe('');
  expect(hiddenPartOf('https://example.com/')).toBe('');
  expect(hiddenPartOf('https://example.com:8443/services/T0/xyz?token=1')).toBe('/services/T0/xyz?token=1');
});
