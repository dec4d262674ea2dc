/** Who waits for a password check: by turns of addresses, and no number of strangers keeps out who is known. */
import { describe, expect, test } from 'vitest';
import { createDevices } from '../../cgi/access/device.ts';
import { createGate, type GateLimits } from '../../cgi/access/gate.ts';
import type { CgiError } from '../../cgi/reply.ts';

/** A gate whose checks end when told to. */
function openGate(limits: Partial<GateLimits> = {}) {
  const gate = createGate({ checks: 1, checksWaiting: 6, addressWaiting: 4, ...limits });
  const begun: string[] = [];
  const refused: string[] = [];
  let running = 0;
  let most = 0;
  let finish = () => {};
  const ask = (name: string, id: string, known = false) => {
    gate({ known, id }, async () => {
      begun.push(name);
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      running--;
    }).catch((error: CgiError) => refused.push(`${name} ${error.code}`));
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  /** Lets all that wait run, one after the other. */
  const runAll = async (count: number) => {
    for (let done = 0; done < count; done++) {
      await settled();
      finish();
    }
    await settled();
    return begun;
  };
  return { ask, begun, refused, settled, runAll, most: () => most };
}

describe('the gate', () => {
  test('serves address after address, not who asked most', async () => {
    const { ask, runAll, most } = openGate();
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1']) ask(name, name.slice(0, 1));
    expect(await runAll(6)).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'a4']);
    expect(most()).toBe(1);
  });

  test('lets so many of one address wait, and gives the place of a greedy one to who comes from elsewhere', async () => {
    const { ask, refused, runAll, settled } = openGate();
    for (let index = 1; index <= 7; index++) ask(`a${index}`, 'a'); // one is checked, four wait
    await settled();
    expect(refused).toEqual(['a6 busy', 'a7 busy']);
    for (const name of ['b1', 'c1', 'd1', 'e1', 'f1', 'g1']) ask(name, name.slice(0, 1));
    await settled();
    // Six wait at most: a gives up three, and then each has one.
    expect(refused.slice(2).sort()).toEqual(['a3 busy', 'a4 busy', 'a5 busy', 'g1 busy']);
    expect(await runAll(7)).toEqual(['a1', 'a2', 'b1', 'c1', 'd1', 'e1', 'f1']);
  });

  test('any number of strangers keeps out none that is known, nor the known the strangers', async () => {
    const { ask, refused, runAll, settled } = openGate();
    for (let index = 0; index < 500; index++) ask(`s${index}`, `address ${index}`);
    ask('owner', 'device', true);
    ask('boss', 'other device', true);
    await settled();
    expect(refused).toHaveLength(493);
    expect(refused).not.toContain('owner busy');
    expect((await runAll(9)).slice(0, 5)).toEqual(['s0', 'owner', 's1', 'boss', 's2']);
  });

  test('a check that fails gives its place on', async () => {
    const gate = createGate({ checks: 1, checksWaiting: 2, addressWaiting: 2 });
    const fail = () => gate({ known: false, id: 'a' }, () => Promise.reject(new Error('disk')));
    for (let tries = 0; tries < 5; tries++) await expect(fail()).rejects.toThrow('disk');
    expect(await gate({ known: false, id: 'a' }, async () => 'in')).toBe('in');
  });
});

describe('a browser that has logged in before', () => {
  const key = Buffer.alloc(32, 7);

  test('is known again by its cookie, for that user only, after a restart too', () => {
    const devices = createDevices(key);
    const cookie = devices.cookieFor('admin', 'hash', null);
    const id = devices.idOf(cookie, 'admin', 'hash');
    expect(id).toMatch(/^[\w-]{22}$/);
    expect(createDevices(key).idOf(cookie, 'admin', 'hash')).toBe(id);
    expect(devices.idOf(cookie, 'monitor', 'hash')).toBe(null);
    expect(devices.idOf(cookie, 'admin', 'hash of another password')).toBe(null);
    expect(devices.idOf(devices.cookieFor('admin', 'hash', id), 'admin', 'hash')).toBe(id);
    expect(devices.idOf(devices.cookieFor('admin', 'hash', null), 'admin', 'hash')).not.toBe(id);
  });

  test('can’t be made up', () => {
    const devices = createDevices(key);
    const cookie = devices.cookieFor('admin', 'hash', null);
    expect(createDevices(Buffer.alloc(32, 8)).idOf(cookie, 'admin', 'hash')).toBe(null);
    for (let index = 0; index < cookie.length - 1; index++) {
      const other = cookie[index] === 'a' ? 'b' : 'a';
      expect(devices.idOf(cookie.slice(0, index) + other + cookie.slice(index + 1), 'admin', 'hash')).toBe(null);
    }
    for (const none of [null, '', '.', `${cookie}a`, ` ${cookie}`, cookie.slice(0, -1), 'x'.repeat(100_000)])
      expect(devices.idOf(none, 'admin', 'hash')).toBe(null);
  });
});
