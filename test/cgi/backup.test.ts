/** 30027 and 30028: what they say of the backups, while the medium is there and while it isn't. */
import { expect, test } from 'vitest';
import type { Backup, Backups, LastBackup } from '../../cgi/backup/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import { openBox } from './box.ts';

const AT = 1_800_000_000;
const LAST: LastBackup = { name: 'a.db', at: AT, bytes: 10, schema: 7, sum: 'ff', direct: true, proven: true };
const box: Backup = { name: 'b.db', at: AT - 60, bytes: 9, schema: 6, place: 'box', checksum: 'none', proven: false };
const medium: Backup = { name: 'a.db', at: AT, bytes: 10, schema: 7, place: 'medium', checksum: 'same', proven: true };

function backups(change: Partial<Backups> = {}): Backups {
  return {
    state: () => ({ running: false, last: LAST, why: '', failures: 0, former: '' }),
    nextAt: () => AT + 86_400,
    list: async () => [medium, box],
    ofBox: async () => [box],
    make: async () => LAST,
    ...change,
  };
}

test('30027 lists them with the box’s own times', async () => {
  const { ask } = openBox({ ports: { backups: backups() } });
  const { at: _, ...shown } = medium;
  expect(await ask(30027)).toEqual({
    status: 200,
    body: {
      json_array_backups: [
        { time: '2027-01-15 00:00:00', ...shown },
        {
          time: '2027-01-14 23:59:00',
          name: 'b.db',
          bytes: 9,
          schema: 6,
          place: 'box',
          checksum: 'none',
          proven: false,
        },
      ],
      running: false,
      last: { time: '2027-01-15 00:00:00', name: 'a.db', bytes: 10, schema: 7, sum: 'ff', direct: true, proven: true },
      why: '',
      next: '2027-01-16 00:00:00',
    },
  });
});

test('30027 without a medium: those of the box, and why no others', async () => {
  const list = async () => {
    throw new CgiError('storage_offline', 'the recording medium is not there: pulled out');
  };
  const { ask } = openBox({ ports: { backups: backups({ list, nextAt: () => null }) } });
  const { status, body } = await ask(30027);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    json_array_backups: [{ name: 'b.db' }],
    offline: 'the recording medium is not there: pulled out',
    next: null,
  });
});

test('30028 answers with what was made, or why not', async () => {
  const { ask } = openBox({ ports: { backups: backups() } });
  expect(await ask(30028)).toMatchObject({ status: 200, body: { result: 'success', backup: { name: 'a.db' } } });
  const make = async () => {
    throw new CgiError('disk_full', 'the medium is full');
  };
  const full = openBox({ ports: { backups: backups({ make }) } });
  expect(await full.ask(30028)).toMatchObject({ status: 507, body: { error: { code: 'disk_full' } } });
});
