/** Who may do what, right by right. */
import { expect, test } from 'vitest';
import { isRole, may, RIGHTS } from '../../storage/model/rights.ts';

test.each([
  // right, admin, monitor
  ['cdr.read', true, false],
  ['cdr.delete', true, false],
  ['cdr.process', true, false],
  ['recording.read', true, true],
  ['recording.delete', true, true],
  ['recording.settings', true, true],
  ['contacts', true, false],
  ['settings', true, false],
  ['password.own', true, true],
  ['session.own', true, true],
  ['contacts', true, false],
  ['users', true, false],
  ['audit', true, false],
  ['metrics', true, false],
] as const)('%s: admin %s, monitor %s', (right, admin, monitor) => {
  expect(may('admin', right)).toBe(admin);
  expect(may('monitor', right)).toBe(monitor);
});

test('monitor has what is named above and nothing that is added later', () => {
  expect(RIGHTS.filter((right) => may('monitor', right))).toEqual([
    'recording.read',
    'recording.delete',
    'recording.settings',
    'password.own',
    'session.own',
  ]);
  expect(RIGHTS.every((right) => may('admin', right))).toBe(true);
});

test.each([
  ['admin', true],
  ['monitor', true],
  ['Admin', false],
  ['', false],
  ['__proto__', false],
])('%j is a role: %s', (text, role) => {
  expect(isRole(text)).toBe(role);
});
