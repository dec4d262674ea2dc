/** How findings are gathered: a check that fails or hangs hides no other, and who sees more has the word. */
import { expect, test } from 'vitest';
import { examine, fault, merged, ok, oncePerCheck, warning } from '../../daemon/doctor/finding.ts';
import { word } from '../../daemon/doctor/mend.ts';
import { findingsText } from '../../daemon/doctor/text.ts';
import { openBox } from '../cgi/box.ts';

test('a check that throws or hangs is told as one that could not be looked at', async () => {
  const findings = await examine(
    [
      { name: 'a.first', look: () => [ok('a.first', 'well')] },
      { name: 'b.throws', look: () => Promise.reject(new Error('no way')) },
      { name: 'c.hangs', look: () => new Promise(() => {}) },
      { name: 'd.last', look: async () => [ok('d.last', 'well'), ok('d.more', 'well')] },
    ],
    50,
  );
  expect(findings.map(({ check, state, says }) => `${check} ${state} ${says}`)).toEqual([
    'a.first ok well',
    'b.throws warning could not be looked at: no way',
    'c.hangs warning could not be looked at: it takes longer than 0.05 s',
    'd.last ok well',
    'd.more ok well',
  ]);
});

test('what root sees replaces what the daemon guessed, in its place', () => {
  const told = merged([ok('a.b', 'x'), warning('c.d', 'x', null)], [fault('c.d', 'y', 'mend it'), ok('e.f', 'y')]);
  expect(told.map(({ check, says }) => `${check} ${says}`)).toEqual(['a.b x', 'c.d y', 'e.f y']);
});

test('a matter that two found out about is told once, the worst of it, with one command', () => {
  const found = [
    fault('a.b', 'first', 'x'),
    ok('c.d', 'well'),
    fault('a.b', 'second', 'y'),
    warning('c.d', 'less', 'z'),
  ];
  expect(oncePerCheck(found)).toEqual([fault('a.b', 'first', 'x'), warning('c.d', 'less', 'z')]);
  expect(merged([ok('a.b', 'guessed')], found)).toEqual(oncePerCheck(found));
});

test('a command that mends two is printed once', () => {
  const text = findingsText([fault('a.b', 'down', 'x && y'), fault('c.d', 'why', 'x && y'), fault('e.f', 'else', 'z')]);
  expect(text.split('\n').filter((line) => line.includes('mend:'))).toEqual([
    '          mend: x && y',
    '          mend: the command of a.b, once for both',
    '          mend: z',
  ]);
});

test('a person reads each line, and below it the command', () => {
  expect(findingsText([fault('a.b', 'broken', 'chmod 0640 x'), ok('c.d', 'well')])).toBe(
    'FAULT   a.b: broken\n          mend: chmod 0640 x\nok      c.d: well\n\n1 fault, 0 warnings, 1 ok',
  );
});

test('words of a command are quoted where the shell would read more into them', () => {
  expect(['/a/b-1.wav', 'a b', "o'k", '$(x)', ''].map(word)).toEqual([
    '/a/b-1.wav',
    "'a b'",
    "'o'\\''k'",
    "'$(x)'",
    "''",
  ]);
});

test('30054 gives them to an admin alone', async () => {
  const { ask } = openBox({ ports: { doctor: { examine: async () => [ok('a.b', 'well')] } } });
  expect(await ask(30054)).toEqual({
    status: 200,
    body: {
      time: '2021-05-07 12:00:00',
      json_array_findings: [{ check: 'a.b', state: 'ok', says: 'well', mend: null }],
    },
  });
  expect((await ask(30054, '', 'monitor')).status).toBe(403);
});
