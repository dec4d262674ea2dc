/** What strace tells is read right: fsyncs and bytes of the store's own files, also of calls that others interrupt. */
import { expect, test } from 'vitest';
import { writtenIn } from './flash-writes.ts';

test('fsyncs and bytes of the folder, and of no other file', () => {
  const text = [
    '12 pwrite64(20</s/state/cdrd.db-wal>, ""..., 4096, 32) = 4096',
    '12 fdatasync(20</s/state/cdrd.db-wal> <unfinished ...>',
    '13 write(5<socket:[77]>, ""..., 100) = 100',
    '13 pwrite64(21</s/other/file>, ""..., 10, 0 <unfinished ...>',
    '12 <... fdatasync resumed>)             = 0',
    '13 <... pwrite64 resumed>)              = 10',
    '12 fsync(22</s/state/cdrd.db>)          = 0',
    '12 fsync(22</s/state/cdrd.db>)          = -1 EIO (Input/output error)',
    '',
  ].join('\n');
  expect(writtenIn(text, '/s/state')).toEqual({ fsyncs: 2, bytes: 4096 });
});
