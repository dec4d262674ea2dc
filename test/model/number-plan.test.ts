/** The number plan of guide figure 5 and of boxes that changed it. */
import { describe, expect, test } from 'vitest';
import { GUIDE_NUMBERING, NumberPlanError, numberPlan, parseNumberRanges } from '../../storage/model/number-plan.ts';

describe('the guide’s plan', () => {
  // Made inside the tests: what throws while a file loads fails no test.
  const plan = () => numberPlan(GUIDE_NUMBERING);
  test.each([
    ['100', 'extension'],
    ['202', 'extension'],
    ['616', 'extension'],
    ['99', null],
    ['617', null],
    ['619', null],
    ['620', 'ivr'],
    ['639', 'ivr'],
    ['640', null],
    ['720', 'paging'],
    ['729', 'paging'],
    ['740', 'conference'],
    ['749', 'conference'],
    ['750', null],
    ['820', 'queue'],
    ['839', 'queue'],
    ['920', 'ringgroup'],
    ['939', 'ringgroup'],
    ['940', null],
    ['0202', null],
    ['2020', null],
    ['9506', null],
    ['', null],
    ['s', null],
    ['*97', null],
    ['25a', null],
    ['2a5', null],
    ['620(202)', null],
    ['٢٠٢', null],
  ])('%s is %s', (number, kind) => {
    expect(plan().kindOf(number)).toBe(kind);
  });
});

describe('other plans', () => {
  const plan = () =>
    numberPlan({
      ...GUIDE_NUMBERING,
      extension: '1000-1999, 300-399,77,0100-0199,',
      queue: '',
      conference: '350-359',
      ivr: '355',
    });
  test.each([
    ['1000', 'extension'],
    ['1999', 'extension'],
    ['2000', null],
    ['300', 'extension'],
    ['77', 'extension'],
    ['78', null],
    ['0150', 'extension'],
    ['150', null],
    ['820', null], // no queues here
    ['350', 'conference'], // inside the extensions: the special kind wins
    ['355', 'ivr'], // inside both: the earlier kind wins
    ['360', 'extension'],
  ])('%s is %s', (number, kind) => {
    expect(plan().kindOf(number)).toBe(kind);
  });
});

test('the ranges of guide figure 5', () => {
  expect(GUIDE_NUMBERING).toEqual({
    extension: '100-616',
    ivr: '620-639',
    conference: '740-749',
    queue: '820-839',
    ringgroup: '920-939',
    paging: '720-729',
  });
});

describe('ranges', () => {
  test.each([
    ['', []],
    ['100-616', [{ low: '100', high: '616' }]],
    [
      ' 100 - 199 , 300',
      [
        { low: '100', high: '199' },
        { low: '300', high: '300' },
      ],
    ],
    ['5-5', [{ low: '5', high: '5' }]],
  ])('%j', (text, ranges) => {
    expect(parseNumberRanges(text)).toEqual(ranges);
  });

  test('as many and as long as allowed', () => {
    expect(parseNumberRanges(Array(64).fill('9'.repeat(15)).join()).length).toBe(64);
  });

  test.each([
    ['616-100', 'upside down: write 100-616'],
    ['100-1999', 'same count of digits'],
    ['abc', 'not a range'],
    ['100-', 'not a range'],
    ['-100', 'not a range'],
    ['1-2-3', 'not a range'],
    ['100..200', 'not a range'],
    ['+100-+200', 'not a range'],
    ['1000000000000000', 'more than 15 digits'],
    [Array.from({ length: 65 }, (_, at) => 100 + at).join(), 'more than 64 ranges'],
  ])('%j is refused', (text, message) => {
    expect(() => parseNumberRanges(text)).toThrow(NumberPlanError);
    expect(() => parseNumberRanges(text)).toThrow(message);
  });
});
