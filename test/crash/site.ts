/** The place of an operation in the words of the matrix: two operations of one site leave the disk in the same kind of state. */
import type { Operation } from '../fault/disk.ts';
import { stageOf } from '../fault/stage.ts';
import type { Happening } from './trace.ts';

type Change = Exclude<Happening, { kind: 'note' | 'foreign' | 'synced' }>;

const STATE = 'state/';
const RECORDINGS = 'recordings';

/** @returns the site of each happening; null where nothing of the box's own is changed. */
export function sitesOf(happenings: readonly Happening[]): (string | null)[] {
  // stage.ts knows the store's files by their names in its folder.
  const operations: Operation[] = [];
  const siteOf = (happening: Change): string | null => {
    const { path } = happening;
    if (path.startsWith(RECORDINGS)) return siteOfRecording(happening);
    if (path === '') return 'folder of the folders: fsync';
    if (path !== 'state' && !path.startsWith(STATE)) return null;
    const secret = /^state\/secret\/(.+?)(\.new)?$/.exec(path)?.[1];
    if (secret !== undefined) return `${secret}: ${operationOf(happening).kind}`;
    operations.push(operationOf(happening));
    return stageOf(operations, operations.length - 1);
  };
  const syncs = new Map<number, string | null>();
  return happenings.map((happening) => {
    if (happening.kind === 'note' || happening.kind === 'foreign') return null;
    if (happening.kind === 'synced') return syncs.get(happening.number) ?? null;
    const site = siteOf(happening);
    if (happening.kind === 'sync') syncs.set(happening.number, site);
    return site;
  });
}

function operationOf(happening: Change): Operation {
  const path = happening.path.slice(STATE.length);
  const isWal = path.endsWith('-wal');
  const { kind } = happening;
  if (kind === 'write') {
    const header = isWal && happening.offset === 0;
    return { kind: header ? 'header' : 'write', path, offset: happening.offset, length: happening.bytes.length };
  }
  return { kind: kind === 'sync' ? 'fsync' : kind, path, offset: 0, length: 0 };
}

/** What kind of file it is, and whether in its place or in the trash. */
function siteOfRecording(happening: Change): string {
  const kind = happening.kind === 'sync' ? 'fsync' : happening.kind;
  const of = (path: string) =>
    path.includes('/.trash') ? 'trash' : path.includes('/.cdrd') ? "medium's own" : 'recordings';
  if (happening.kind === 'rename')
    return `${of(happening.path)}: rename${of(happening.to) === of(happening.path) ? '' : ` to ${of(happening.to)}`}`;
  return `${of(happening.path)}: ${kind}`;
}
