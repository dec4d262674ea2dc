/** Addresses and ranges: what is written in many ways is one address, and no range holds what it doesn't say. */
import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBoxItself, isLoopback, isPermit, permitter } from '../../storage/model/address.ts';

const within = (permits: string, own: readonly string[] = []) =>
  permitter(permits.split(',').filter(Boolean), { ownNetworks: () => own });

describe('permitted', () => {
  test.each<[permits: string, allowed: string, refused: string]>([
    ['', '', '127.0.0.1 ::1 10.0.0.1'],
    [
      '192.168.1.0/24',
      '192.168.1.0 192.168.1.255 ::ffff:192.168.1.7 ::FFFF:c0a8:107',
      '192.168.2.1 ::192.168.1.7 fe80::1',
    ],
    ['192.168.1.7', '192.168.1.7 ::ffff:192.168.1.7', '192.168.1.8 192.168.1.70'],
    ['10.1.2.3/30', '10.1.2.0 10.1.2.3', '10.1.2.4 10.1.1.255'],
    ['0.0.0.0/0', '1.2.3.4 ::ffff:1.2.3.4', 'fe80::1 ::1'],
    ['::/0', '::1 fd00::1 2001:db8::1', '10.0.0.1 ::ffff:10.0.0.1'],
    // A socket for both kinds shows IPv4 clients so, and somebody writes down what the log shows.
    ['::ffff:10.0.0.0/104', '10.9.9.9 ::ffff:10.0.0.1', '11.0.0.1 ::1'],
    ['::ffff:192.168.1.7', '192.168.1.7', '192.168.1.8'],
    ['::ffff:0:0/96', '8.8.8.8', '::1'],
    ['2001:db8:1::/48', '2001:db8:1:ffff::1 2001:DB8:0001::', '2001:db8:2::1'],
    ['fe80::/10', 'fe80::1%eth0 febf::1', 'fec0::1'],
    ['::1', '::1 0:0:0:0:0:0:0:1', '::2 127.0.0.1'],
    ['all', '1.2.3.4 ::1 2001:db8::1', ''],
    ['ALL', '1.2.3.4', ''],
    [
      'local',
      '127.0.0.1 127.9.9.9 ::1 10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 169.254.1.1 fe80::1%wlan0 fc00::1 fdff::1 ::ffff:10.0.0.1',
      '172.15.0.1 172.32.0.1 192.169.0.1 100.64.0.1 11.0.0.1 8.8.8.8 ::ffff:8.8.8.8 2001:db8::1 fec0::1 ::2 0.0.0.0',
    ],
    ['local,203.0.113.0/24', '10.0.0.1 203.0.113.9', '203.0.114.1'],
  ])('%s', (permits, allowed, refused) => {
    const permitted = within(permits);
    const split = (text: string) => text.split(' ').filter(Boolean);
    expect(split(allowed).filter((address) => !permitted(address))).toEqual([]);
    expect(split(refused).filter((address) => permitted(address))).toEqual([]);
    for (const none of [
      '',
      'unknown',
      '1.2.3',
      '1.2.3.4.5',
      '01.2.3.4',
      '1::2::3',
      '12345::',
      '::ffff:1.2.3.256',
      ':::',
      '1:2:3:4:5:6:7',
    ])
      expect(permitted(none), none).toBe(false);
  });

  test('local: the IPv6 networks that the box is in, as long as they are a house’s; no public IPv4 network', () => {
    const own = ['192.0.2.5/24', '2001:db8:7::5/64', '2001:db8:8::1/32', 'fe80::1/64', '::ffff:203.0.113.1/120'];
    const permitted = within('local', own);
    expect(permitted('2001:db8:7::abcd')).toBe(true);
    for (const address of ['192.0.2.6', '2001:db8:7:1::1', '2001:db8:9::1', '203.0.113.2'])
      expect(permitted(address)).toBe(false);
  });
});

test.each(['10.0.0.0/8', '1.2.3.4', '::/0', 'fe80::1/64', 'local', 'All', '::ffff:10.0.0.1/128'])(
  '%j permits',
  (text) => expect(isPermit(text)).toBe(true),
);
test.each([
  ...[
    '',
    ' ',
    'lan',
    '10.0.0.0/',
    '/8',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.1-10.0.0.9',
    '10.0.0.0/-1',
  ],
  ...[
    '010.0.0.1',
    'fe80::1%eth0',
    'fe80::%/10',
    '0.0.0.0::1',
    '1.2.3.4::',
    '10.0.0.0/08x',
    '::1::',
    '1.2.3.4:80',
    '[::1]',
  ],
])('%j permits nothing', (text) => expect(isPermit(text)).toBe(false));

test('the box itself is two addresses, loopback all of its own', () => {
  expect(['127.0.0.1', '::1', '::ffff:127.0.0.1'].map(isBoxItself)).toEqual([true, true, true]);
  expect(['127.0.0.2', '127.0.0.10', '::', '10.0.0.1', ''].map(isBoxItself)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
  expect(['127.0.0.2', '::ffff:127.1.2.3', '::1'].map(isLoopback)).toEqual([true, true, true]);
  expect(['128.0.0.1', '::2', 'unknown'].map(isLoopback)).toEqual([false, false, false]);
});

test.each(['::%', 'fe80::1%', '::1%%', '0.0.0.0::1', '1.2.3.4::', '::1.2.3.4:5'])('%j is no address', (text) => {
  expect(isIP(text)).toBe(0);
  expect(within('all')(text)).toBe(false);
});

test('any address in any range: as Node’s own lists have it, and text of any kind throws nothing', () => {
  const v4 = fc.ipV4();
  const v6 = fc.ipV6().filter((address) => isIP(address) === 6 && !/^(0*:)*:?(0*:)*ffff:/i.test(address));
  const pair = (address: fc.Arbitrary<string>, most: number) => fc.tuple(address, address, fc.nat(most));
  for (const [family, pairs] of [
    ['ipv4', pair(v4, 32)],
    ['ipv6', pair(v6, 128)],
  ] as const)
    fc.assert(
      fc.property(pairs, ([network, address, bits]) => {
        const list = new BlockList();
        list.addSubnet(network, bits, family);
        expect(isPermit(`${network}/${bits}`)).toBe(true);
        expect(within(`${network}/${bits}`)(address)).toBe(list.check(address, family));
        expect(within(`${network}/${bits}`)(network)).toBe(true);
      }),
    );
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f:.%/]{0,40}$/), (text) => {
      const [address = ''] = text.split('/');
      if (isIP(address) === 0) expect(within('all')(address)).toBe(false);
      else expect(within('all')(address)).toBe(true);
      isPermit(text);
    }),
  );
});
