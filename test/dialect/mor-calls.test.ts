/**
 * MOR's lists of calls: whose calls somebody is told of, whatever device, id or period he asks for; what strangers say goes
 * out well-formed; and what is ticked off sticks.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { SHOWN_MAX } from '../../cgi/dialect/mor/calls.ts';
import { atFileEnd } from '../support/folder.ts';
import { textAt } from '../support/strict-xml.ts';
import { all, type MorBox, openMor, textsOf } from './mor-box.ts';

/** 2021-05-03 16:00:00 on the box's clock. */
const AT = 1_620_086_400;
const DAY = { period_start: '2021-05-03', period_end: '2021-05-03' };
const QUERY = 'date_from=2021-05-03%2000:00:00&date_till=2021-05-03%2023:59:59';

let box: MorBox;
/** Ids of the calls, by their names in {@link beforeAll}. */
const ids = new Map<string, string>();
const atEnd = atFileEnd();

beforeAll(async () => {
  box = await openMor(atEnd);
  const call = async (name: string, minute: number, told: Omit<Parameters<MorBox['call']>[0], 'at'>) =>
    void ids.set(name, await box.call({ at: AT + minute * 60, ...told }));
  await call('in202', 1, { source: '0791', destination: '202', callType: 'Inbound' });
  await call('out202', 2, { source: '202', destination: '0792', callType: 'Outbound' });
  await call('missed202', 3, { source: '0793', destination: '202', callType: 'Inbound', disposition: 'NO ANSWER' });
  await call('out203', 4, { source: '203', destination: '0794', callType: 'Outbound', disposition: 'BUSY' });
  await call('missed204', 5, { source: '0795', destination: '204', callType: 'Inbound', disposition: 'NO ANSWER' });
  await call('internal', 6, { source: '202', destination: '203', callType: 'Internal' });
  await call('elsewhere', 7, { source: '0796', destination: '205', callType: 'Inbound', disposition: 'FAILED' });
  // A stranger who shows an extension's number.
  await call('spoofed', 8, { source: '202', destination: '205', callType: 'Inbound', disposition: 'NO ANSWER' });
}, 60_000);

const NAMES: Readonly<Record<string, string>> = {
  '0791>202': 'in202',
  '202>0792': 'out202',
  '0793>202': 'missed202',
  '203>0794': 'out203',
  '0795>204': 'missed204',
  '202>203': 'internal',
  '0796>205': 'elsewhere',
  '202>205': 'spoofed',
};
const nameOf = (from: string, to: string) => NAMES[`${from}>${to}`] ?? `${from}>${to}`;
const namesIn = (page: ReturnType<typeof all>[number]) =>
  all(page, 'call').map((call) => nameOf(textsOf(call)['called_from'] ?? '', textsOf(call)['called_to'] ?? ''));

const EVERY = ['spoofed', 'elsewhere', 'internal', 'missed204', 'out203', 'missed202', 'out202', 'in202'];
const SHOP = ['internal', 'missed202', 'out202', 'in202'];
const OFFICE = ['internal', 'missed204', 'out203'];
const BOTH = ['internal', 'missed204', 'out203', 'missed202', 'out202', 'in202'];
const NOBODY = 'User was not found';
const NO_DEVICE = 'Device was not found';

describe('who is told of which calls', () => {
  /** What somebody asks for, and what he is told: calls by name, or the error. */
  const ASKED: readonly (readonly [
    user: string,
    asked: Readonly<Record<string, string>>,
    told: readonly string[] | string,
  ])[] = [
    ['admin', {}, EVERY],
    ['admin', { calltype: 'incoming' }, ['spoofed', 'elsewhere', 'missed204', 'missed202', 'in202']],
    ['admin', { direction: 'outgoing' }, ['out203', 'out202']],
    ['admin', { device: '202' }, SHOP],
    ['admin', { device: '202', direction: 'outgoing' }, ['internal', 'out202']],
    ['admin', { userid: '5' }, SHOP],
    ['admin', { userid: '205' }, ['spoofed', 'elsewhere']],
    ['admin', { userid: '99' }, NOBODY],
    ['shop', {}, SHOP],
    ['shop', { search_on: '1', userid: '5', device: 'all', direction: 'all', calltype: 'all' }, SHOP],
    ['shop', { direction: 'incoming' }, ['missed202', 'in202']],
    ['shop', { calltype: 'outgoing' }, ['internal', 'out202']],
    ['shop', { calltype: 'no answer' }, ['missed202']],
    ['shop', { status: 'answered', call_type: 'incoming' }, ['in202']],
    ['shop', { device: '202' }, SHOP],
    ['shop', { device_id: 'SIP/202' }, SHOP],
    ['shop', { device: '203' }, NO_DEVICE],
    ['shop', { show_device: '205' }, NO_DEVICE],
    ['shop', { device: '0791' }, NO_DEVICE],
    ['shop', { device: '20*' }, NO_DEVICE],
    ['shop', { device: '200-299' }, NO_DEVICE],
    ['shop', { device: '202,203' }, NO_DEVICE],
    ['shop', { device: '202', device_id: '203' }, 'more than one device is asked for'],
    ['shop', { userid: '0' }, NOBODY],
    ['shop', { userid: '6' }, NOBODY],
    ['shop', { userid: '7' }, NOBODY],
    ['shop', { userid: '203' }, NOBODY],
    ['shop', { user_id: '205' }, NOBODY],
    ['office', {}, OFFICE],
    ['office', { device: '204' }, ['missed204']],
    ['office', { device: '203', direction: 'incoming' }, ['internal']],
    ['both', {}, BOTH],
    ['both', { userid: '6' }, OFFICE],
    ['both', { userid: '6', device: '202' }, NO_DEVICE],
    ['both', { userid: '0' }, NOBODY],
    ['both', { userid: '205' }, NOBODY],
    ['admin', { direction: 'sideways' }, 'direction must be all, incoming, outgoing'],
    ['admin', { direction: 'incoming', calltype: 'outgoing' }, 'direction and calltype contradict each other'],
  ];

  test.each(ASKED)('%s asks %j', async (user, asked, told) => {
    const answer = await box.ask(user, '/stats/call_list', { ...DAY, ...asked });
    const page = answer.xml();
    if (typeof told === 'string') {
      expect(textAt(page, 'error_msg')).toBe(told);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(all(page, 'call')).toEqual([]);
      return;
    }
    expect(namesIn(page)).toEqual(told);
    expect(textAt(page, 'total_calls')).toBe(String(told.length));
    expect(textAt(page, 'error_msg')).toBe('');
  });

  test('in files too, whatever id stands in the address', async () => {
    const files: readonly (readonly [user: string, id: string, told: readonly string[] | null])[] = [
      ['admin', '0', EVERY],
      ['admin', '6', OFFICE],
      ['shop', '5', SHOP],
      ['shop', '0', null],
      ['shop', '6', null],
      ['shop', '205', null],
      ['shop', '5%2f..%2f6', null],
      ['both', '6', OFFICE],
      ['office', '7', null],
    ];
    for (const [user, id, told] of files) {
      const csv = await box.ask(user, `/billing/stats/call_list_to_csv/${id}?call_type=all&${QUERY}`);
      const pdf = await box.ask(user, `/stats/call_list_to_pdf/${id}?call_type=all&${QUERY}`);
      if (told === null) {
        for (const answer of [csv, pdf])
          expect([user, id, textAt(answer.xml(), 'error_msg')]).toEqual([user, id, NOBODY]);
        continue;
      }
      const rows = csv.text
        .trimEnd()
        .split('\r\n')
        .slice(1)
        .map((line) => line.split(','));
      expect(rows.map(([, from = '', to = '']) => nameOf(from, to))).toEqual(told);
      const strings = [...pdf.bytes.toString('latin1').matchAll(/\((\d+)\) Tj/g)].map(([, text = '']) => text);
      expect(told.map((_, row) => nameOf(strings[row * 2] ?? '', strings[row * 2 + 1] ?? ''))).toEqual(told);
      expect(strings).toHaveLength(told.length * 2);
      expect(csv.headers.get('content-disposition')).toMatch(/attachment; filename="CDR-.*\.csv"/);
      expect(pdf.headers.get('content-type')).toBe('application/pdf');
    }
  });

  test('missed calls and statistics too', async () => {
    const missed = async (user: string, form: Record<string, string> = {}) =>
      namesIn((await box.ask(user, '/stats/missed_calls', { ...DAY, ...form })).xml());
    expect(await missed('admin')).toEqual(['spoofed', 'elsewhere', 'missed204', 'missed202']);
    expect(await missed('shop')).toEqual(['missed202']);
    expect(await missed('shop', { device: '204' })).toEqual(['missed202']);
    expect(await missed('office')).toEqual(['missed204']);
    expect(await missed('both', { userid: '5' })).toEqual(['missed202']);
    expect(await missed('shop', { userid: '6' })).toEqual([]);

    const statistics = async (user: string, form: Record<string, string> = {}) => {
      const page = (await box.ask(user, '/billing/stats/user_stats', { ...DAY, ...form })).xml();
      const side = (name: string) => all(page, name).map((each) => Object.values(textsOf(each)).join(' '))[0];
      return [side('incoming'), side('outgoing'), ...all(page, 'call_by_date').map((each) => textsOf(each))];
    };
    const day = (calls_count: string, duration: string, avg_time: string) => ({
      date: '2021-05-03',
      calls_count,
      duration,
      avg_time,
    });
    // Answered, not answered, busy, failed; three seconds of each answered call.
    expect(await statistics('admin')).toEqual(['1 3 0 1', '1 0 1 0', day('8', '0.15', '0.05')]);
    expect(await statistics('shop')).toEqual(['1 1 0 0', '2 0 0 0', day('4', '0.15', '0.05')]);
    expect(await statistics('office')).toEqual(['1 1 0 0', '0 0 1 0', day('3', '0.05', '0.05')]);
    expect(await statistics('shop', { userid: '6' })).toEqual([undefined, undefined]);
  });

  test('nobody, and who may not, is told of none', async () => {
    const paths = [
      '/stats/call_list',
      '/stats/call_list_to_csv/0',
      '/stats/call_list_to_pdf/0',
      '/stats/missed_calls',
      '/stats/new_calls_list',
      '/stats/user_stats',
      '/devices/user_device_clis',
      '/phonebooks/list/0',
    ];
    const monitor = box.daemon.sessions.begin({ user: 'monitor', role: 'monitor' }).token;
    for (const path of paths) {
      const nobody = await box.ask(null, path);
      expect([path, nobody.status]).toEqual([path, 401]);
      expect(textAt(nobody.xml(), 'error_msg')).toBe('Please log in');
      const narrow = await box.ask(null, path, undefined, { headers: { Cookie: `_mor_session=${monitor}` } });
      expect([path, narrow.status]).toEqual([path, 403]);
      expect(textAt(narrow.xml(), 'error_msg')).toBe('monitor may not do this');
    }
  });
});

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
