/** Whom MOR's clients may ask about: the users that are written down, and the scopes of admin, reseller and user. */
import { describe, expect, test } from 'vitest';
import {
  askedAbout,
  extensionsOf,
  faultOfAll,
  hasExtension,
  insideOf,
  type MorUser,
  parseUser,
  parseUsers,
  whoAsks,
} from '../../cgi/dialect/mor/users.ts';

const USERS = parseUsers(['5=shop:201-204,210', '6=till:201', '7=store:202-203', '8=office:204 211', '9=lone:203']);
const within = { users: USERS, extension: '100-616' };
const named = (name: string) => whoAsks(name, USERS, name === 'admin') as MorUser;

describe('a line', () => {
  test.each([
    ['5=shop:201-204,210', ['201', '202', '203', '204', '210']],
    ['5=shop: 201 - 203  210', ['201', '202', '203', '210']],
    ['12=a.b@c_d-e:0099-0101', ['0099', '0100', '0101']],
    ['1=x:7,7', ['7']],
  ])('%s', (line, extensions) => {
    expect(extensionsOf(parseUser(line) as MorUser)).toEqual(extensions);
  });

  test.each([
    ['', 'must be ID=NAME:EXTENSIONS'],
    ['5:201', 'must be ID=NAME:EXTENSIONS'],
    ['x=shop:201', 'must be ID=NAME:EXTENSIONS'],
    ['5=a shop:201', 'must be ID=NAME:EXTENSIONS'],
    ['5=shop:2xx', 'must be ID=NAME:EXTENSIONS'],
    ['5=shop:', 'must be ID=NAME:EXTENSIONS'],
    ['0=shop:201', "must have an id from 1 on, not 0: 0 is the admin's"],
    ['05=shop:201', 'must have an id from 1 on'],
    ['5=shop:,', 'gives shop no extension'],
    ['5=shop:204-201', 'upside down'],
    ['5=shop:99-201', 'same count of digits'],
    ['5=shop:0000-9999', 'gives shop more than 1000 extensions'],
    ['5=shop:000000000000001-999999999999999', 'gives shop more than 1000 extensions'],
  ])('%j is none', (line, fault) => {
    expect(parseUser(line)).toContain(fault);
    expect(parseUsers([line])).toEqual([]);
  });

  test('no two users have one id or one name', () => {
    expect(faultOfAll(['5=shop:201', '6=till:201'])).toBeNull();
    expect(faultOfAll(['5=shop:201', '5=till:202'])).toBe('has the id 5 twice');
    expect(faultOfAll(['5=shop:201', '6=shop:202'])).toBe('has the name shop twice');
  });
});

describe('who asks about whom', () => {
  test.each([
    // An admin: himself, each user, each extension of the number plan.
    ['admin', '0', '0'],
    ['admin', '5', '5'],
    ['admin', '6', '6'],
    ['admin', '300', '300'],
    ['admin', '617', null],
    ['admin', '0300', null],
    ['admin', '99', null],
    ['admin', '', null],
    ['admin', '1 OR 1', null],
    // A reseller: himself, and who has nothing but extensions of his.
    ['shop', '5', '5'],
    ['shop', '6', '6'],
    ['shop', '7', '7'],
    ['shop', '8', null],
    ['shop', '0', null],
    ['shop', '201', null],
    ['store', '9', '9'],
    ['store', '6', null],
    // A user: himself.
    ['till', '6', '6'],
    ['till', '5', null],
    ['lone', '7', null],
    ['lone', '203', null],
  ])('%s about %j: %j', (name, id, expected) => {
    expect(askedAbout(id, named(name), within)?.id ?? null).toBe(expected);
  });

  test('nobody who is neither written down nor an admin asks', () => {
    expect(whoAsks('monitor', USERS, false)).toBeNull();
    expect(whoAsks('', USERS, false)).toBeNull();
  });

  test('an admin who is written down has what stands there', () => {
    expect(whoAsks('shop', USERS, true)?.id).toBe('5');
    expect(askedAbout('0', whoAsks('shop', USERS, true) as MorUser, within)).toBeNull();
  });

  test('an extension that nobody has is a user of its own', () => {
    expect(extensionsOf(askedAbout('300', named('admin'), within) as MorUser)).toEqual(['300']);
  });
});

test('an admin has every extension, a user those that are written down', () => {
  expect(hasExtension(named('admin'), '616', '100-616')).toBe(true);
  expect(hasExtension(named('admin'), '617', '100-616')).toBe(false);
  expect(hasExtension(named('shop'), '210', '100-616')).toBe(true);
  expect(hasExtension(named('shop'), '205', '100-616')).toBe(false);
  expect(insideOf(named('admin'), 'either')).toBeUndefined();
  expect(insideOf(named('till'), 'to')).toEqual({ numbers: ['201'], side: 'to' });
});
