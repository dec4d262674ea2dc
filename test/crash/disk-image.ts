/**
 * What may be on a disk after the power went: a file system that keeps apart what an fsync has made durable and what only
 * was done. Of the latter any part may be there, in any order, and a write in part. Strict, as POSIX allows it: an fsync of a
 * file says nothing of its name, which is its folder's, and a file that moved from one folder to another is in neither
 * where only the removal was made durable. Real file systems are mostly kinder (ext4 keeps the order of names).
 */
import type { Happening } from './trace.ts';

/** Files and folders by path; a folder is null. Buffers are shared and must not be changed. */
export type Tree = ReadonlyMap<string, Buffer | null>;

/** How a write got to the disk: whole; only these of its sectors; or none of it, though the file has its length. */
export type Landed = 'whole' | 'blank' | ReadonlySet<number>;

/** Disks write sectors whole: the smallest there are. */
export const SECTOR = 512;

/** Something that was done and is not durable yet. */
export interface Pending {
  /** Counts everything done, from 1. */
  readonly number: number;
  /** Sectors that a write touches; 0: it is no write. */
  readonly sectors: number;
}

export interface DiskImage {
  /** Something happens. @throws when it can't have: the trace and the image would no longer agree. */
  apply(happening: Happening): void;
  /** What is not durable, in order. */
  pending(): readonly Pending[];
  /** What is there when the power goes now. @param landed How each pending change got there; null: it didn't. */
  tree(landed: (change: Pending) => Landed | null): Tree;
}

type Change = Pending & {
  /** The sync that began after it, if one is under way. */
  syncing?: number;
  durable?: true;
  /** Of the removal of a name: the new name in another folder, without which it isn't there either. */
  readonly after?: Change;
} & (
    | { readonly kind: 'write'; readonly offset: number; readonly bytes: Buffer }
    | { readonly kind: 'truncate'; readonly length: number }
    | {
        readonly kind: 'entries';
        readonly remove: readonly string[];
        readonly set: readonly (readonly [string, Node])[];
      }
  );

interface File {
  durable: Buffer;
  pending: Change[];
}
interface Folder {
  /** As they are for who looks while the power is on. */
  readonly entries: Map<string, Node>;
  readonly durable: Map<string, Node>;
  pending: Change[];
}
type Node = File | Folder;

const isFolder = (node: Node): node is Folder => 'entries' in node;

/** @param first What is there and durable at the beginning. */
export function diskImage(first: Tree): DiskImage {
  const root = newFolder();
  const syncs = new Map<number, Node>();
  let number = 0;
  for (const [path, content] of first) putThere(path, content);

  function putThere(path: string, content: Buffer | null): void {
    const slash = path.lastIndexOf('/');
    if (slash > 0 && !nodeAt(path.slice(0, slash))) putThere(path.slice(0, slash), null);
    const { folder, name } = place(path);
    const node = content === null ? newFolder() : { durable: content, pending: [] };
    folder.entries.set(name, node);
    folder.durable.set(name, node);
  }

  function newFolder(): Folder {
    return { entries: new Map(), durable: new Map(), pending: [] };
  }

  function nodeAt(path: string): Node | undefined {
    let node: Node | undefined = root;
    for (const name of path === '' ? [] : path.split('/'))
      node = node && isFolder(node) ? node.entries.get(name) : undefined;
    return node;
  }

  function place(path: string): { folder: Folder; name: string } {
    const slash = path.lastIndexOf('/');
    const folder = nodeAt(slash < 0 ? '' : path.slice(0, slash));
    if (!folder || !isFolder(folder)) throw new Error(`${path}: its folder isn't there`);
    return { folder, name: path.slice(slash + 1) };
  }

  function fileAt(path: string): File {
    const node = nodeAt(path);
    if (!node || isFolder(node)) throw new Error(`${path} is no file that is there`);
    return node;
  }

  function changeEntries(
    folder: Folder,
    remove: readonly string[],
    set: readonly (readonly [string, Node])[],
    after?: Change,
  ): Change {
    for (const name of remove) folder.entries.delete(name);
    for (const [name, node] of set) folder.entries.set(name, node);
    const change: Change = { number: ++number, sectors: 0, kind: 'entries', remove, set, ...(after && { after }) };
    folder.pending.push(change);
    return change;
  }

  function rename(from: string, to: string): void {
    const source = place(from);
    const node = source.folder.entries.get(source.name);
    if (!node) return; // it failed
    const target = place(to);
    if (source.folder === target.folder) changeEntries(source.folder, [source.name], [[target.name, node]]);
    else changeEntries(source.folder, [source.name], [], changeEntries(target.folder, [], [[target.name, node]]));
  }

  /** What was asked for and could not be done (a folder that is there already, a file that is gone) changes nothing. */
  function apply(happening: Happening): void {
    switch (happening.kind) {
      case 'create':
      case 'mkdir': {
        const { folder, name } = place(happening.path);
        const fresh = happening.kind === 'mkdir' ? newFolder() : { durable: Buffer.alloc(0), pending: [] };
        if (!folder.entries.has(name)) changeEntries(folder, [], [[name, fresh]]);
        return;
      }
      case 'unlink':
      case 'rmdir': {
        const node = nodeAt(happening.path);
        if (!node || isFolder(node) !== (happening.kind === 'rmdir') || (isFolder(node) && node.entries.size > 0))
          return;
        const { folder, name } = place(happening.path);
        changeEntries(folder, [name], []);
        return;
      }
      case 'rename':
        rename(happening.path, happening.to);
        return;
      case 'write': {
        const { path, offset, bytes } = happening;
        const sectors = Math.floor((offset + bytes.length - 1) / SECTOR) - Math.floor(offset / SECTOR) + 1;
        if (bytes.length > 0) fileAt(path).pending.push({ number: ++number, sectors, kind: 'write', offset, bytes });
        return;
      }
      case 'truncate':
        fileAt(happening.path).pending.push({
          number: ++number,
          sectors: 0,
          kind: 'truncate',
          length: happening.length,
        });
        return;
      case 'sync': {
        const node = nodeAt(happening.path);
        if (!node) throw new Error(`${happening.path} is synced and not there`);
        for (const change of node.pending) change.syncing ??= happening.number;
        syncs.set(happening.number, node);
        return;
      }
      case 'synced':
        finishSync(happening.number);
        return;
      case 'foreign':
        putThere(happening.path, happening.content);
        return;
      case 'note':
    }
  }

  function finishSync(of: number): void {
    const node = syncs.get(of);
    if (!node) return;
    syncs.delete(of);
    const done = node.pending.filter(({ syncing }) => syncing !== undefined && syncing <= of);
    node.pending = node.pending.filter((change) => !done.includes(change));
    for (const change of done) change.durable = true;
    if (isFolder(node)) for (const change of done) applyEntries(node.durable, change);
    else node.durable = contentOf(node.durable, done, () => 'whole');
  }

  function* nodes(folder: Folder = root, seen = new Set<Node>()): Generator<Node> {
    if (seen.has(folder)) return;
    seen.add(folder);
    yield folder;
    // Also what only one side of a cut can see: a removal may not have got there, and neither may a new name.
    const reachable = [
      ...folder.durable.values(),
      ...folder.pending.flatMap((change) => (change.kind === 'entries' ? change.set.map(([, node]) => node) : [])),
    ];
    for (const node of reachable) {
      if (isFolder(node)) yield* nodes(node, seen);
      else if (!seen.has(node)) {
        seen.add(node);
        yield node;
      }
    }
  }

  return {
    apply,
    pending: () =>
      [...nodes()]
        .flatMap(({ pending }) => pending)
        .filter(({ after }) => !after)
        .sort((a, b) => a.number - b.number),
    tree(how) {
      // Asked once of each: both halves of a move get there or neither does, also where chance says.
      const known = new Map<number, Landed | null>();
      const landed = ({ after, ...change }: Change): Landed | null => {
        if (after?.durable) return 'whole';
        const one = after ?? change;
        const answer = known.has(one.number) ? (known.get(one.number) ?? null) : how(one);
        known.set(one.number, answer);
        return answer;
      };
      const tree = new Map<string, Buffer | null>();
      const walk = (folder: Folder, prefix: string) => {
        const entries = new Map(folder.durable);
        for (const change of folder.pending) if (landed(change) !== null) applyEntries(entries, change);
        for (const [name, node] of entries) {
          tree.set(prefix + name, isFolder(node) ? null : contentOf(node.durable, node.pending, landed));
          if (isFolder(node)) walk(node, `${prefix}${name}/`);
        }
      };
      walk(root, '');
      return tree;
    },
  };
}

function applyEntries(entries: Map<string, Node>, change: Change): void {
  if (change.kind !== 'entries') return;
  for (const name of change.remove) entries.delete(name);
  for (const [name, node] of change.set) entries.set(name, node);
}

function contentOf(durable: Buffer, changes: readonly Change[], landed: (change: Change) => Landed | null): Buffer {
  const there = changes.flatMap((change) => {
    const how = landed(change);
    return how === null ? [] : [{ change, how }];
  });
  if (there.length === 0) return durable;
  let room = Buffer.from(durable);
  let length = durable.length;
  const grow = (to: number) => {
    if (to > room.length) room = Buffer.concat([room], Math.max(to, room.length * 2));
    length = Math.max(length, to);
  };
  for (const { change, how } of there) {
    if (change.kind === 'truncate') {
      room.fill(0, Math.min(change.length, length), length);
      grow(change.length);
      length = change.length;
    } else if (change.kind === 'write') {
      grow(change.offset + change.bytes.length);
      land(room, change.offset, change.bytes, how);
    }
  }
  return room.subarray(0, length);
}

function land(room: Buffer, offset: number, bytes: Buffer, how: Landed): void {
  if (how === 'blank') return;
  if (how === 'whole') {
    bytes.copy(room, offset);
    return;
  }
  const first = Math.floor(offset / SECTOR);
  for (const sector of how) {
    const begin = Math.max(offset, (first + sector) * SECTOR);
    const end = Math.min(offset + bytes.length, (first + sector + 1) * SECTOR);
    bytes.copy(room, begin, begin - offset, end - offset);
  }
}
