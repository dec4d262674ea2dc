/** Direction and outcome: the guide's own spellings, and calls in each direction. */
import { describe, expect, test } from 'vitest';
import { callType, parseCallType, parseDisposition, shownDisposition } from '../../storage/model/direction.ts';
import { GUIDE_NUMBERING, numberPlan } from '../../storage/model/number-plan.ts';

const plan = numberPlan(GUIDE_NUMBERING);

describe('callType', () => {
  test.each([
    // CDR(calltype), UserField, source trunk, destination trunk, destination → direction
    [null, '', '', '', '204', 'Internal'],
    [null, '', '', '96', '9513', 'Outbound'],
    [null, '', '42', '', '620', 'Inbound'],
    [null, '', '42', '96', '00491234', 'Inbound'],
    [null, '', '', '', '740', 'Conference'],
    [null, '', '42', '', '740', 'Conference'],
    [null, '', '', '', '740(202)', 'Conference'],
    [null, '', '', '', '750', 'Internal'],
    [null, '', '', '', '620(740)', 'Internal'],
    [null, '', '', '', '', 'Internal'],
    [null, 'Outbound', '', '', '204', 'Outbound'],
    [null, 'Interval', '96', '', '204', 'Internal'],
    [null, 'call back', '96', '', '620', 'CallBack'],
    [null, 'Inbound', '', '', '740', 'Inbound'],
    [null, 'customer 4711', '96', '', '620', 'Inbound'],
    ['CallBack', 'Inbound', '96', '', '620', 'CallBack'],
    ['', 'Conference', '', '', '204', 'Conference'],
    ['nonsense', 'Outbound', '', '', '204', 'Outbound'],
    ['nonsense', 'nonsense', '', '96', '204', 'Outbound'],
  ])('%j %j %j → %j, %j: %s', (said, userField, sourceTrunk, destinationTrunk, destination, expected) => {
    expect(callType({ callType: said, userField, sourceTrunk, destinationTrunk, destination, plan })).toBe(expected);
  });
});

test.each([
  ['Internal', 'Internal'],
  ['Interval', 'Internal'],
  ['INTERVAL', 'Internal'],
  ['Outbound', 'Outbound'],
  ['inbound', 'Inbound'],
  ['CallBack', 'CallBack'],
  ['Callback', 'CallBack'],
  ['Call Back', 'CallBack'],
  [' Call  Back ', 'CallBack'],
  ['Conference', 'Conference'],
  ['All', null],
  ['', null],
  ['Intern', null],
  ['Inbound,Outbound', null],
])('call type %j is %s', (text, type) => {
  expect(parseCallType(text)).toBe(type);
});

test.each([
  ['ANSWERED', 'ANSWERED'],
  ['Answered', 'ANSWERED'],
  ['BUSY', 'BUSY'],
  ['FAILED', 'FAILED'],
  ['FAILD', 'FAILED'],
  ['faild', 'FAILED'],
  ['NO ANSWER', 'NO ANSWER'],
  ['No answer', 'NO ANSWER'],
  ['NOANSWER', 'NO ANSWER'],
  ['N O ANSWER', 'NO ANSWER'],
  ['CONGESTION', 'CONGESTION'],
  ['UNKNOWN', null],
  ['All', null],
  ['', null],
  ['ANSWER', null],
])('disposition %j is %s', (text, disposition) => {
  expect(parseDisposition(text)).toBe(disposition);
});

test('CONGESTION shows as FAILED, everything else as itself', () => {
  expect(shownDisposition('CONGESTION')).toBe('FAILED');
  expect(shownDisposition('NO ANSWER')).toBe('NO ANSWER');
  expect(shownDisposition('ANSWERED')).toBe('ANSWERED');
});
