/**
 * What happens often, in the audit log so seldom that neither a guesser nor a program that logs in for every request fills
 * the flash: about one caller a few lines in a while, and then one that counts the others. What was refused is bounded more
 * narrowly, and by itself: strangers can't keep out of the log what was done. A kill forgets the counts of the last while.
 */
import type { StoreClient } from '../../storage/client.ts';
import { networkOf } from '../../storage/model/address.ts';
import type { AuditLine } from '../../storage/sql/audit.ts';
import { createPace, type Pace, type PaceLimits } from './pace.ts';

export interface AuditNoteLimits {
  /** Of what was done. */
  readonly acts: PaceLimits;
  /** Seconds: the while. */
  readonly seconds: number;
  /** Lines of what one caller did in one way; of what was refused to it, one. */
  readonly lines: number;
  /** Lines of all callers together, of what was done and of what was refused. */
  readonly done: number;
  readonly refused: number;
}

export interface AuditNotes {
  /**
   * Somebody came in, or was given something. Not waited for: a disk that is full keeps nobody out.
   * @param once The same again within the while is the same: a player asks for a recording piece by piece.
   */
  done(line: AuditLine, once?: 'once'): void;
  /** Something was refused: one line for each network that it came from. */
  refused(line: AuditLine): void;
  /** Before something is changed, which writes so many lines itself. @throws {CgiError} `busy`, see pace.ts. */
  acts: Pace;
  /** Writes the counts now. */
  flush(): void;
}

interface Group {
  readonly kind: Kind;
  /** The last that had no line of its own. */
  line: AuditLine;
  /** Monotonic milliseconds. */
  ends: number;
  /** What had. */
  told: Set<string>;
  untold: number;
}
type Kind = 'done' | 'refused';

/** @param clock Monotonic milliseconds. */
export function createAuditNotes(
  store: Pick<StoreClient, 'write'>,
  limits: AuditNoteLimits,
  clock: () => number = () => performance.now(),
): AuditNotes {
  // In the order in which they end.
  const groups = new Map<string, Group>();
  const spent = { done: { lines: 0, ends: 0 }, refused: { lines: 0, ends: 0 } };
  let timer: NodeJS.Timeout | undefined;

  function write(line: AuditLine): void {
    store.write({ kind: 'audit', audit: line }).catch(() => {});
  }

  /** Whether there may be one more line of this kind. */
  function spend(kind: Kind): boolean {
    const now = clock();
    if (now >= spent[kind].ends) spent[kind] = { lines: 0, ends: now + limits.seconds * 1000 };
    if (spent[kind].lines >= limits[kind]) return false;
    spent[kind].lines++;
    return true;
  }

  function open(key: string, group: Omit<Group, 'ends'>): void {
    groups.delete(key);
    groups.set(key, { ...group, ends: clock() + limits.seconds * 1000 });
    timer ??= setTimeout(beat, limits.seconds * 1000).unref();
  }

  function note(kind: Kind, key: string, line: AuditLine, once: boolean): void {
    endThose((ends) => ends <= clock());
    const text = JSON.stringify([line.reason ?? '', line.detail]);
    const group = groups.get(key);
    if (once && group?.told.has(text)) return;
    const most = kind === 'done' ? limits.lines : 1;
    const isNew = !group || (group.told.size < most && !group.told.has(text));
    if (isNew && spend(kind)) {
      write(line);
      if (group) group.told.add(text);
      else open(key, { kind, line, told: new Set([text]), untold: 0 });
    } else if (group) {
      group.line = line;
      group.untold++;
    } else {
      // So many callers that they are only counted, together.
      const many = `${kind} ${line.action}`;
      const all = groups.get(many);
      if (all) all.untold++;
      else open(many, { kind, line: { ...line, who: '', address: '', detail: {} }, told: new Set(), untold: 1 });
    }
  }

  /** Their counts are told, and whoever goes on has had a line of the next while already. */
  function endThose(over: (ends: number) => boolean): void {
    const [first] = groups.values();
    if (!first || !over(first.ends)) return;
    for (const [key, group] of [...groups]) {
      if (!over(group.ends)) return;
      groups.delete(key);
      const { kind, line, untold } = group;
      if (untold === 0) continue;
      spend(kind);
      write({ ...line, detail: { ...line.detail, untold } });
      open(key, { kind, line, told: new Set(['']), untold: 0 });
    }
  }

  function beat(): void {
    timer = undefined;
    endThose((ends) => ends <= clock());
    const [next] = groups.values();
    if (next) timer ??= setTimeout(beat, Math.max(1, next.ends - clock())).unref();
  }

  return {
    done: (line, once) => note('done', `done ${line.action} ${line.who} ${line.address}`, line, once === 'once'),
    refused: (line) => note('refused', `refused ${line.action} ${line.who} ${networkOf(line.address)}`, line, false),
    acts: createPace(limits.acts, clock),
    flush() {
      endThose(() => true);
      groups.clear();
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
