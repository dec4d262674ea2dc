/** MOR's lists of calls: their periods; what strangers say goes out well-formed; what is ticked off sticks; many are cut. */
import { beforeAll, describe, expect, test } from 'vitest';
import { SHOWN_MAX } from '../../cgi/dialect/mor/calls.ts';
import { atFileEnd } from '../support/folder.ts';
import { textAt } from '../support/strict-xml.ts';
import { AT, all, DAY, type MorBox, openMor, tellCalls, textsOf } from './mor-box.ts';

let box: MorBox;
let ids: ReadonlyMap<string, string>;
const atEnd = atFileEnd();
beforeAll(async () => {
  box = await openMor(atEnd);
  ids = await tellCalls(box);
}, 60_000);

describe('periods', () => {
  const asked = async (path: string, form: Record<string, string>) => {
    const page = (await box.ask('admin', path, form)).xml();
    return (
      textAt(page, 'error_msg') || [
        textAt(page, 'calls_stat', 'period', 'period_start'),
        textAt(page, 'calls_stat', 'period', 'period_end'),
      ]
    );
  };
  test.each([
    [
      { period_start: '2021-05-03 01:02:03', period_end: '2021-05-04 04:05' },
      ['2021-05-03 01:02:03', '2021-05-04 04:05:59'],
    ],
    [{ date_from: '2021-5-3 1:02', date_till: '2021-05-03' }, ['2021-05-03 01:02:00', '2021-05-03 23:59:59']],
    [
      {
        'date_from[year]': '2021',
        'date_from[month]': '5',
        'date_from[day]': '3',
        'date_from[hour]': '7',
        'date_till[year]': '2021',
        'date_till[month]': '12',
        'date_till[day]': '31',
      },
      ['2021-05-03 07:00:00', '2021-12-31 23:59:59'],
    ],
    [{ period_end: '2021-05-03 10:00' }, ['2021-05-03 00:00:00', '2021-05-03 10:00:59']],
    [{ period_start: '2021-05-04', period_end: '2021-05-03' }, 'the period ends before it begins'],
    [{ period_start: '2021-02-30' }, 'period_start must be a time such as 2008-03-10 05:41:31'],
    [{ period_start: "2021-05-03' OR 1" }, 'period_start must be a time such as 2008-03-10 05:41:31'],
    [{ 'date_till[year]': '2021' }, 'date_till must be a time such as 2008-03-10 05:41:31'],
  ])('%j', async (form, told) => {
    expect(await asked('/stats/call_list', form)).toEqual(told);
  });

  test('none: today; of missed calls 30 days; of statistics this month', async () => {
    const { zone } = { zone: (seconds: number) => new Date((seconds - 28_800) * 1_000).toISOString().slice(0, 10) };
    const today = zone(Date.now() / 1_000);
    expect(await asked('/stats/call_list', {})).toEqual([`${today} 00:00:00`, `${today} 23:59:59`]);
    const first = zone(Date.now() / 1_000 - 29 * 86_400);
    expect(await asked('/stats/missed_calls', {})).toEqual([`${first} 00:00:00`, `${today} 23:59:59`]);
    const page = (await box.ask('admin', '/stats/user_stats')).xml();
    expect(textAt(page, 'start_date')).toBe(`${today.slice(0, 8)}01`);
    expect(textAt(page, 'end_date')).toBe(today);
    expect(all(page, 'call_by_date')).toHaveLength(Number(today.slice(8)));
  });

  test('statistics of more than a year are refused', async () => {
    const page = (
      await box.ask('admin', '/stats/user_stats', { period_start: '2020-01-01', period_end: '2021-05-03' })
    ).xml();
    expect(textAt(page, 'error_msg')).toBe('the period must have 366 days at most');
  });
});

describe('a tick', () => {
  const processedOf = async (name: string) => {
    const page = (await box.ask('admin', '/stats/missed_calls', DAY)).xml();
    const found = all(page, 'call')
      .map(textsOf)
      .find((call) => call['call_id'] === ids.get(name));
    return found?.['processed'];
  };

  test('sticks, is the one of the box’s own list, and is audited', async () => {
    const id = ids.get('missed202') ?? '';
    const answer = await box.ask('shop', '/stats/missed_calls', { ...DAY, processed: id });
    expect(all(answer.xml(), 'call').map(textsOf)).toEqual([
      {
        call_id: id,
        date: '2021-05-03 16:03:00',
        called_from: '0793',
        called_to: '202',
        duration: '00:00:05',
        hangup_cause: 'No Answer',
        processed: '1',
      },
    ]);
    expect(await processedOf('missed202')).toBe('1');
    const row = await box.daemon.json(`/cgi/webserve/30053?id=${id}`);
    expect((row['json_obj_call'] as Record<string, string>)['processed']).toMatch(/^20/);
    const log = await box.daemon.json('/cgi/webserve/30018?limit=1');
    expect(JSON.stringify(log)).toContain('"calls.processed"');
    expect(JSON.stringify(log)).toContain('key:shop');

    expect((await box.ask('shop', '/stats/missed_calls', { call_id: id, processed: '0' })).status).toBe(200);
    expect(await processedOf('missed202')).toBe('0');
  });

  test('settles a caller on the list of the Dashboard, and one there shows here', async () => {
    const at = Math.floor(Date.now() / 1_000) - 600;
    const told = { source: '0797', destination: '204', callType: 'Inbound', disposition: 'NO ANSWER' } as const;
    const id = await box.call({ at, ...told });
    const waiting = async (query = '') =>
      ((await box.daemon.json(`/cgi/webserve/30039${query}`))['json_array_missed'] as { id: string }[]).map(
        (row) => row.id,
      );
    const shown = async () =>
      all((await box.ask('office', '/stats/missed_calls')).xml(), 'call').map((call) => textsOf(call)['processed']);
    expect([await waiting(), await shown()]).toEqual([[id], ['0']]);
    expect((await box.ask('office', '/stats/missed_calls', { processed: id })).status).toBe(200);
    expect([await waiting(), await waiting('?processed=1')]).toEqual([[], [id]]);
    expect((await box.daemon.get(`/cgi/webserve/30040?id=${id}&processed=0`)).status).toBe(200);
    expect([await waiting(), await shown()]).toEqual([[id], ['0']]);
  });

  test.each([
    ['another’s', 'shop', () => ({ processed: ids.get('missed204') ?? '' }), 'there is no missed call'],
    ['a call that was answered', 'shop', () => ({ processed: ids.get('in202') ?? '' }), 'there is no missed call'],
    [
      'a stranger’s who shows the number',
      'shop',
      () => ({ processed: ids.get('spoofed') ?? '' }),
      'there is no missed call',
    ],
    ['none', 'admin', () => ({ processed: '4711' }), 'there is no missed call 4711'],
    ['no id', 'admin', () => ({ processed: '1 OR 1' }), 'processed must be'],
    ['several', 'admin', () => ({ processed: '1,2' }), 'processed must be'],
    ['half a word', 'admin', () => ({ call_id: ids.get('missed204') ?? '', processed: 'yes' }), 'processed must be'],
  ])('of %s is refused', async (_, user, form, told) => {
    const answer = await box.ask(user, '/stats/missed_calls', { ...DAY, ...form() });
    expect(textAt(answer.xml(), 'error_msg')).toContain(told);
    expect(await processedOf('missed204')).toBe('0');
  });

  test('wants the right of 30040', async () => {
    const made = await box.daemon.json('/cgi/webserve/30011?name=narrow&role=admin&numbers=30039');
    const headers = { Cookie: `_mor_session=${made['key']}` };
    expect((await box.ask(null, '/stats/missed_calls', undefined, { headers })).status).toBe(200);
    const answer = await box.ask(null, '/stats/missed_calls', { processed: ids.get('missed204') ?? '' }, { headers });
    expect([answer.status, await processedOf('missed204')]).toEqual([403, '0']);
  });
});

test('what strangers say goes out well-formed, and runs in no spreadsheet', async () => {
  const numbers = ['=cmd|x', '<b>&"\'', ']]>', '😀\u202e', '+4930'];
  for (const [index, source] of numbers.entries())
    await box.call({ at: AT + 86_400 + index, source, destination: '204', callType: 'Inbound' });
  const day = { period_start: '2021-05-04', period_end: '2021-05-04' };
  const page = (await box.ask('office', '/stats/call_list', day)).xml();
  expect(all(page, 'call').map((call) => textsOf(call)['called_from'])).toEqual([...numbers].reverse());
  const csv = await box.ask('office', '/stats/call_list_to_csv/6?date_from=2021-05-04&date_till=2021-05-04');
  expect(csv.text.split('\r\n').map((line) => line.split(',')[1])).toEqual([
    'Called from',
    '+4930',
    '😀\u202e',
    ']]>',
    '"<b>&""\'"',
    "'=cmd|x",
    undefined,
  ]);
  const pdf = await box.ask('office', '/stats/call_list_to_pdf/6?date_from=2021-05-04&date_till=2021-05-04');
  expect(pdf.bytes.toString('latin1')).toContain('shown as ?');
});

test('of many calls the newest are told, and that there are more', async () => {
  const at = AT + 5 * 86_400;
  const told = { source: '204', destination: '203', callType: 'Internal' } as const;
  await Promise.all(Array.from({ length: 2_040 }, (_, second) => box.put({ at: at + second, ...told })));
  const page = (
    await box.ask('office', '/stats/call_list', { period_start: '2021-05-08', period_end: '2021-05-08' })
  ).xml();
  expect(textAt(page, 'total_calls')).toBe('2040');
  expect(all(page, 'call')).toHaveLength(SHOWN_MAX);
  expect(textAt(page, 'error_msg')).toBe('2040 calls: the newest 2000 are shown. Ask for a shorter period');
  const csv = await box.ask('office', '/stats/call_list_to_csv/6?date_from=2021-05-08&date_till=2021-05-08');
  expect(csv.text.trimEnd().split('\r\n')).toHaveLength(2_041);
}, 60_000);
