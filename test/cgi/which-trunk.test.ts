/** 30047: which trunk a channel would be, and by which rule; with lists that nobody has saved yet, too. */
import { describe, expect, test } from 'vitest';
import type { Setting } from '../../cgi/settings/port.ts';
import { SETTINGS, textOf } from '../../cgi/settings/schema.ts';
import { openBox } from './box.ts';

function openTrunks(saved: Record<string, string> = {}) {
  const settings = {
    value: () => '',
    list: () =>
      SETTINGS.map(({ name, fallback }) => ({ name, value: saved[name] ?? textOf(fallback) }) as unknown as Setting),
    change: async () => null,
  };
  const box = openBox({ ports: { settings } });
  return async (values: Record<string, string>) => {
    const { status, body } = await box.ask(30047, new URLSearchParams(values).toString());
    return { status, ...body } as Record<string, unknown>;
  };
}

describe('a channel', () => {
  test.each([
    [
      'DAHDI/2-1',
      { trunk: 'pstn2', kind: 'fxo', port: 2, rule: 'fxo', pattern: '^DAHDI\\/(\\d+)-', direction: 'Inbound' },
    ],
    ['GSM/3-00000001', { trunk: 'GSM3', kind: 'gsm', port: 3, rule: 'gsm', direction: 'Inbound' }],
    ['SIP/96-0000001a', { trunk: '96', kind: 'peer', port: 0, rule: 'outside', peer: '96', pattern: '' }],
    ['SIP/202-0000001a', { trunk: '', kind: null, rule: 'extension', peer: '202', direction: 'Internal' }],
    ['DAHDI/i1/5551234-1', { trunk: '', kind: null, rule: 'technology' }],
    ['Local/202@from-internal-0001;1', { trunk: '', rule: 'technology', peer: '202@from-internal' }],
  ])('%s is told with the rule that says so', async (channel, expected) => {
    expect(await openTrunks()({ channel })).toMatchObject({ status: 200, channel, ...expected });
  });

  test('is judged by the list of names where there is one', async () => {
    const which = openTrunks({ 'trunks.names': 'my-trunk,96' });
    expect(await which({ channel: 'PJSIP/My-Trunk-00000001' })).toMatchObject({ trunk: 'my-trunk', rule: 'listed' });
    expect(await which({ channel: 'SIP/97-00000001' })).toMatchObject({ trunk: '', rule: 'unlisted' });
  });

  test('with the other side tells the direction', async () => {
    const which = openTrunks();
    expect(await which({ channel: 'SIP/202-1', other: 'SIP/96-2' })).toMatchObject({ direction: 'Outbound' });
    expect(await which({ channel: 'SIP/96-1', other: 'SIP/202-2' })).toMatchObject({ direction: 'Inbound' });
  });

  test('is tried with what is not saved, which is judged as when it is saved', async () => {
    const which = openTrunks();
    const channel = 'Dongle/gsm2-0100000000';
    expect(await which({ channel })).toMatchObject({ trunk: '' });
    expect(await which({ channel, gsm: '^Dongle/gsm(\\d{1,2})-\n' })).toMatchObject({
      trunk: 'GSM2',
      pattern: '^Dongle\\/gsm(\\d{1,2})-',
    });
    expect(await which({ channel: 'SIP/1000-1', extension: '1000-1099' })).toMatchObject({ rule: 'extension' });
    for (const [parameter, value] of [
      ['gsm', '(a+)+'],
      ['fxo', '^DAHDI/'],
      ['extension', '9-1'],
      ['channel', 'x'.repeat(129)],
    ] as const)
      expect(await which({ channel, [parameter]: value })).toMatchObject({ status: 400, error: { parameter } });
  });
});
