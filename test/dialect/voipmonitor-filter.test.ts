/** Each parameter of VoIPmonitor's list of calls is understood or refused by its name; figures are reckoned as there. */
import { describe, expect, test } from 'vitest';
import { callsAsked, filterOf, isFilter } from '../../cgi/dialect/voipmonitor/filter.ts';
import { isOrder, orderOf } from '../../cgi/dialect/voipmonitor/order.ts';
import { figures } from '../../cgi/dialect/voipmonitor/summary.ts';
import { zone } from '../../storage/model/local-time.ts';

const ZONE = zone('Etc/GMT+8');

/** All of its page, in its order. */
const UNDERSTOOD = [
  ...['fdatefrom', 'fdateto', 'fcaller', 'fcalled', 'fcallerd_type', 'fcallerd_domain_type', 'fcallername'],
  ...['fsipcallerdip_type', 'fab_saddr_type', 'fdurationgt', 'fdurationlt', 'fsipresponse', 'ftrunk', 'fab_ua_type'],
  ...['fcallid', 'fsensor_id', 'page', 'start', 'limit', 'sort'],
  ...['CallDuration', 'SrcNumber', 'DstNumber', 'CallerName', 'LastSIPrespNum'].flatMap((name) => [
    ...[`orderBy${name}_asc`, `orderBy${name}_desc`],
  ]),
];
const REFUSED = [
  ...['fcaller_domain', 'fcalled_domain', 'fsipcallerip', 'fsipcalledip', 'fa_saddr', 'fb_saddr', 'fcodec', 'fpddgt'],
  ...['fpddlt', 'fbye', 'fa_ua', 'fb_ua', 'orderByLoss', 'orderByDelay', 'orderByFixed1', 'orderByFixed2'],
  ...['orderByAdapt', 'orderBySrcSIP_IP_asc', 'orderBySrcSIP_IP_desc', 'orderByDstSIP_IP_asc', 'orderByDstSIP_IP_desc'],
  ...['frtcp_maxjitter', 'frtcp_avgjitter', 'frtcp_maxfr', 'frtcp_avgfr', 'fmosf1', 'fmosf2', 'fmosadapt', 'f_d50'],
  ...[
    'f_d70',
    'f_d90',
    'f_d120',
    'f_d150',
    'f_d200',
    'f_d300',
    ...Array.from({ length: 10 }, (_, index) => `floss${index + 1}`),
  ],
  'ffilterTemplate',
];

const isKnown = (name: string) => isFilter(name) || isOrder(name);

test.each(UNDERSTOOD)('%s is understood', (name) => expect(isKnown(name)).toBe(true));
test.each(REFUSED)('%s is refused by its name', (name) => expect(() => isKnown(name)).toThrow(`${name} is not here`));
test.each(['caller', 'fcallerx', 'FCALLER', '__proto__', 'constructor', 'orderByLoss2', 'orderBy__proto___asc'])(
  '%s is none',
  (name) => expect(isKnown(name)).toBe(false),
);

describe('a filter', () => {
  const of = (given: Record<string, string>) =>
    filterOf(
      callsAsked((name) => given[name] ?? ''),
      ZONE,
    );
  const literal = (value: string) => [{ kind: 'literal', value }];

  test.each([
    [{}, { start: {} }],
    [{ fdatefrom: '2021-05-07T08:00:00' }, { start: { from: 1_620_403_200 } }],
    [{ fdateto: '2021-05-07 08:00' }, { start: { to: 1_620_403_200 } }],
    [{ fdateto: '2021-05-07' }, { start: { to: 1_620_374_400 } }],
    [{ fcaller: '205' }, { number: literal('205') }],
    [{ fcaller: '205', fcalled: '206', fcallerd_type: '0' }, { number: literal('205') }],
    [
      { fcaller: '205', fcalled: '206' },
      { src: literal('205'), dst: literal('206') },
    ],
    [{ fcalled: '206' }, { dst: literal('206') }],
    [{ fcaller: '205', fcallerd_type: '1' }, { src: literal('205') }],
    // A `+` in an address is a blank.
    [{ fcaller: ' 4930', fcallerd_type: 'true' }, { src: literal('+4930') }],
    // One star before digits would be a feature code.
    [{ fcalled: '%30' }, { dst: [{ kind: 'wildcard', pattern: '**30' }] }],
    [{ fcalled: '*30,%1%2' }, { dst: [...literal('*30'), { kind: 'wildcard', pattern: '**1*2' }] }],
    [{ fcallername: 'An%' }, { callerName: 'An*' }],
    [{ fcallername: '%%**a?%' }, { callerName: '*a?*' }],
    [{ fdurationgt: '10' }, { lasted: { from: 11 } }],
    [{ fdurationlt: '30' }, { lasted: { to: 29 } }],
    [{ fdurationgt: '9', fdurationlt: '11' }, { lasted: { from: 10, to: 10 } }],
    [{ fsipresponse: '503' }, { dispositions: ['FAILED', 'CONGESTION'] }],
    [{ ftrunk: 'false' }, { callTypes: ['Internal', 'Conference'] }],
    [{ fsensor_id: '1' }, { start: {} }],
  ])('%o', (given, wanted) => expect(of(given as Record<string, string>)).toEqual({ start: {}, ...wanted }));

  test.each([
    [{ fcalled: '206', fcallerd_type: '0' }, 'with fcallerd_type 0 the number stands in fcaller'],
    [{ fcaller: '205', fcallerd_type: '2' }, 'fcallerd_type must be 0 or 1'],
    [{ fcaller: '!205' }, 'fcaller: numbers to leave out'],
    [{ fcaller: '206-205' }, 'fcaller: the range 206-205 is upside down'],
    [{ fcaller: ',' }, 'fcaller: there is no number in it'],
    [{ fdurationgt: '10', fdurationlt: '11' }, 'no call is longer than fdurationgt and shorter than fdurationlt'],
    [{ fdurationgt: '-1' }, 'fdurationgt must be whole seconds'],
    [{ fsipresponse: '2' }, 'fsipresponse must be one of 200, 486, 487, 503'],
    [{ ftrunk: 'in' }, 'ftrunk must be true or false'],
    // What is looked for in VoIPmonitor by a part of it would be found here in no call.
    [{ fcallid: '%1620378302%' }, 'fcallid must be a whole UniqueID or LinkedID'],
    [{ fcallid: '1620378302.*' }, 'fcallid must be a whole UniqueID or LinkedID'],
    [{ fcallid: '1 2' }, 'fcallid must be a whole UniqueID or LinkedID'],
    [{ fcallername: '%'.repeat(101) }, 'fcallername must have 100 characters at most'],
    [{ fsensor_id: '0' }, 'the box is the one sensor there is, 1'],
    [{ fdatefrom: '2021-02-30' }, 'fdatefrom must be a time'],
  ])('%o is refused', (given, why) => expect(() => of(given as Record<string, string>)).toThrow(why));
});

describe('an order', () => {
  const of = (given: Record<string, string>) => orderOf(new Map(Object.entries(given)));
  const whole = { offset: 0, limit: 1_000 };

  test.each([
    [{}, { order: 'desc', ...whole }],
    [
      { page: '3', limit: '30' },
      { order: 'desc', offset: 60, limit: 30 },
    ],
    [
      { page: '3', start: '5', limit: '30' },
      { order: 'desc', offset: 5, limit: 30 },
    ],
    [{ sort: '[{"property":"calldate2","direction":"DESC"}]' }, { order: 'desc', ...whole }],
    [{ sort: '{"property":"calldate"}' }, { order: 'asc', ...whole }],
    [{ dir: 'ASC' }, { order: 'asc', ...whole }],
    [
      { sort: 'duration', dir: 'DESC' },
      { sort: 'duration', order: 'desc', ...whole },
    ],
    [{ sort: '[{"property":"lastSIPresponseNum","direction":"asc"}]' }, { sort: 'outcome', order: 'asc', ...whole }],
    [
      { orderBySrcNumber_asc: '1', orderByLoss: '', orderByDstNumber_desc: 'false' },
      { sort: 'src', order: 'asc', ...whole },
    ],
  ])('%o', (given, wanted) => expect(of(given as Record<string, string>)).toEqual(wanted));

  test('a name without a value is meant where it stands alone, as the documents print it', () => {
    const bare = (texts: Record<string, string>, ...names: string[]) => orderOf(new Map(Object.entries(texts)), names);
    const byDuration = { sort: 'duration', order: 'desc', ...whole };
    expect(bare({}, 'fcaller', 'orderByCallDuration_desc')).toEqual(byDuration);
    expect(bare({ orderByCallDuration_desc: '1' }, 'orderBySrcNumber_asc')).toEqual(byDuration);
    expect(bare({ sort: 'duration', dir: 'desc' }, 'orderBySrcNumber_asc')).toEqual(byDuration);
    expect(bare({}, 'orderByCallDuration_desc', 'orderBySrcNumber_asc', 'orderByLoss')).toEqual({
      order: 'desc',
      ...whole,
    });
    expect(bare({}, 'orderByOthers')).toEqual({ order: 'desc', ...whole });
    expect(() => bare({}, 'orderByLoss')).toThrow('orderByLoss is not here');
  });

  test.each([
    [{ sort: '[' }, 'sort must be such as'],
    [{ sort: '[]' }, 'sort must be such as'],
    [{ sort: '[{"property":1}]' }, 'sort must be such as'],
    [{ sort: '[{"property":"duration"},{"property":"caller"}]' }, 'sort: one property at a time'],
    [{ sort: '__proto__' }, 'sort: the property must be one of calldate'],
    [{ sort: 'duration', dir: 'down' }, 'sort: the direction must be ASC or DESC'],
    [{ sort: 'duration', orderBySrcNumber_asc: '1' }, 'sort: one order at a time'],
    [{ orderByDstNumber_asc: '1', orderBySrcNumber_asc: '1' }, 'sort: one order at a time'],
    [{ limit: '100001' }, 'limit must be 1 to 100000'],
    [{ page: '0' }, 'page must be 1 or more'],
    [{ start: '-1' }, 'start must be a whole number'],
  ])('%o is refused', (given, why) => expect(() => of(given as Record<string, string>)).toThrow(why));
});

/** The two lines of the sample on its page, of which the answered follow from ASR. */
test.each([
  [110_011, 109_141, 5_388_692, '49.3737', '99.2092'],
  [535, 41, 256, '6.2439', '7.6636'],
])('%i calls, %i answered', (count, answered, talked, acd_all, asr_all) =>
  expect(figures({ count, answered, talked })).toEqual({
    ...{ cnt_all: String(count), duration_all: String(talked), acd_all, asr_all },
  }),
);
