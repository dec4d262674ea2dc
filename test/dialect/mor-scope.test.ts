/** Whose calls somebody is told of by MOR's pages and files, whatever device, id or period he asks for. */
import { beforeAll, describe, expect, test } from 'vitest';
import { atFileEnd } from '../support/folder.ts';
import { textAt } from '../support/strict-xml.ts';
import { all, DAY, type MorBox, nameOf, namesIn, openMor, tellCalls, textsOf } from './mor-box.ts';

const QUERY = 'date_from=2021-05-03%2000:00:00&date_till=2021-05-03%2023:59:59';

let box: MorBox;
const atEnd = atFileEnd();
beforeAll(async () => {
  box = await openMor(atEnd);
  await tellCalls(box);
}, 60_000);

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
