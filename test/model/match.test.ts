/** Recordings and calls: within two seconds, the same parties, and no guess between two. */
import { describe, expect, test } from 'vitest';
import { NEAR_SECONDS, nearestCall, partiesAgree } from '../../storage/model/match.ts';

const T = 1_620_376_588;
const parties = (src: string, dst: string) => ({ src, dst });
const call = (id: number, seconds: number, dst = '202', src = '506') => ({ id, answer: T + seconds, src, dst });
const recording = parties('506', '202');

describe('nearestCall', () => {
  test.each([
    ['nothing', [], null],
    ['the same second', [call(1, 0)], 1],
    ['two seconds earlier', [call(1, -2)], 1],
    ['two seconds later', [call(1, 2)], 1],
    ['three seconds earlier', [call(1, -3)], null],
    ['three seconds later', [call(1, 3)], null],
    ['another caller', [call(1, 0, '202', '507')], null],
    ['another destination', [call(1, 0, '204')], null],
    ['the nearer of two', [call(1, 2), call(2, -1)], 2],
    ['two in one second', [call(1, 0), call(2, 0)], null],
    ['two equally far on either side', [call(1, -1), call(2, 1)], null],
    ['two equally far, but one of other parties', [call(1, -1), call(2, 1, '204')], 1],
    ['one in the very second, two further off', [call(1, -1), call(2, 1), call(3, 0)], 3],
  ])('%s', (_, candidates, id) => {
    expect(nearestCall(T, recording, candidates)).toBe(id);
    expect(nearestCall(T, recording, candidates.toReversed())).toBe(id);
  });
  test('the bound is that of the guide', () => expect(NEAR_SECONDS).toBe(2));
});

describe('partiesAgree', () => {
  test.each([
    ['506', '202', '506', '202', true],
    ['506', '202', '507', '202', false],
    ['', '202', '', '202', false],
    ['506', '620(202)', '506', '202', true],
    ['506', '620(202)', '506', '620', true],
    ['506', '620(202)', '506', '620(202)', true],
    ['506', '620(202)', '506', '620(204)', false],
    ['506', '620(202)', '506', '621(202)', false],
    ['506', '620(202)', '506', '204', false],
    ['506', '620(202)', '506', '20', false],
    ['506', '202', '506', '0202', false],
    ['506', '', '506', '', false],
    ['506', '620(202)', '506', '', false],
    ['506', '620(', '506', '620(', true],
  ])('%s → %s and %s → %s: %s', (src, dst, otherSrc, otherDst, agree) => {
    expect(partiesAgree(parties(src, dst), parties(otherSrc, otherDst))).toBe(agree);
    expect(partiesAgree(parties(otherSrc, otherDst), parties(src, dst))).toBe(agree);
  });
});
