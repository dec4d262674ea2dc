/**
 * The worker that does all file work on the medium, with synchronous calls: when the medium hangs, this thread hangs and
 * nothing else; the main thread notices by its deadline, leaves it behind and starts another. Every listing stands between
 * two proofs that the medium is mounted, alive and the same; without them the step says nothing about files.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { compactAtRest } from '../../storage/compaction.ts';
import type { Clock } from './finished.ts';
import {
  beginLook,
  createMemory,
  examineSettling,
  examineSome,
  growingIn,
  type Memory,
  type Session,
} from './folder-look.ts';
import { createHints } from './hint.ts';
import { readMark, unmarked, writeMark } from './identity-file.ts';
import { newestFirst } from './known.ts';
import { BATCH_FILES } from './limits.ts';
import { codeOf, faultOf, lookAtMedium, type MediumFacts, plain } from './medium.ts';
import { share } from './open-folder.ts';
import type {
  Answer,
  FilesAnswer,
  FromWorker,
  Lane,
  MediumLook,
  ProbeAnswer,
  Request,
  RootAnswer,
  Step,
  WorkerSettings,
} from './protocol.ts';
import { topOf } from './top-folders.ts';
import { spaceOf, tryWriting, writeProbe } from './write-probe.ts';

const settings = workerData as WorkerSettings;
const port = parentPort;
if (!port) throw new Error('medium-worker runs as a worker only');
compactAtRest();
const send = (message: FromWorker): void => port.postMessage(message);

let memory: Memory = createMemory();
const sessions = new Map<Lane, Session>();
/** The folders as last told, joined. */
let toldFolders = '';

const hints = createHints({
  files(folder, names) {
    for (const name of names) if (memory.settling.size < BATCH_FILES) memory.settling.add(`${folder}/${name}`);
    send({ hint: 'files' });
  },
  folder: () => send({ hint: 'folder' }),
  failed: (why) => send({ note: 'no hints from the kernel, the sweep alone finds recordings', fields: { why } }),
});

/** Whatever we remember may be of another medium. */
function forgetAll(): void {
  memory = createMemory();
  sessions.clear();
  toldFolders = '';
  hints.close();
}

const nothing: Omit<FilesAnswer, 'medium'> = {
  kind: 'files',
  found: [],
  gone: [],
  more: false,
  growing: 0,
  unfinished: 0,
  missed: 0,
  settling: 0,
  needKnown: false,
  lookAgain: false,
  error: '',
};

/**
 * A stick that is new has no recordings folder, and nothing is recorded before it is there (recording-gate.ts): so it is
 * made, where a medium of its own is demanded and in place.
 */
function withItsFolder(medium: MediumFacts): MediumFacts {
  const { lacksFolder, demanded, real, why } = medium;
  if (!lacksFolder || !demanded) return medium;
  try {
    const first = mkdirSync(real, { recursive: true });
    for (let made = real; first && made.length >= first.length; made = dirname(made)) share(made);
  } catch (error) {
    return { ...medium, why: `${why}, and can't be made: ${codeOf(error)}` };
  }
  return lookAtMedium(settings);
}

function root(step: Extract<Step, { kind: 'root' }>): RootAnswer {
  const refuse = (medium: MediumLook): RootAnswer => {
    forgetAll();
    return { kind: 'root', medium, folders: null, watching: false, readOnly: false, space: null };
  };
  const before = withItsFolder(lookAtMedium(settings));
  if (before.state !== 'mounted') return refuse(plain(before));
  let top: ReturnType<typeof topOf>;
  try {
    top = topOf(before.real);
  } catch (error) {
    return refuse({ ...plain(before), ...faultOf(error, settings.dir) });
  }
  const after = lookAtMedium(settings);
  if (after.state !== 'mounted') return refuse(plain(after));
  // Mounted anew between the two: this listing may be of either; the next sweep sees one medium.
  if (after.identity !== before.identity) return refuse({ ...plain(after), state: 'dead', why: 'being mounted' });

  for (const folder of memory.kept.keys()) {
    if (folder !== step.today && folder !== step.yesterday) memory.kept.delete(folder);
  }
  hints.ensure(before.real, before.identity, step.today);
  const sorted = newestFirst(top.wavs ? [...top.folders, ''] : top.folders);
  // A slash is in no name.
  const told = sorted.join('/');
  const same = told === toldFolders && !step.full;
  toldFolders = told;
  return {
    kind: 'root',
    medium: plain(after),
    folders: same ? null : sorted,
    watching: hints.watching(),
    readOnly: after.mount?.readOnly ?? false,
    space: spaceOf(before.real),
  };
}

function probe(step: Extract<Step, { kind: 'probe' }>): ProbeAnswer {
  const nothing = { kind: 'probe' as const, mark: '', writing: { writable: false, why: '' } };
  const before = lookAtMedium(settings);
  if (before.state !== 'mounted' || before.identity !== step.identity) return { ...nothing, medium: plain(before) };
  try {
    const { real, mount } = before;
    const space = spaceOf(real);
    let mark = readMark(real);
    const writing = tryWriting(mount, space, () => {
      if (mark === '') mark = writeMark(real);
      writeProbe(real);
    });
    const after = lookAtMedium(settings);
    // What we write ourselves changes the folder, and with it what older kernels take for its birth.
    if (after.state !== 'mounted' || after.place !== before.place) return { ...nothing, medium: plain(after) };
    return { kind: 'probe', medium: plain(after), mark: mark || unmarked(mount, space.total), writing };
  } catch (error) {
    return { ...nothing, medium: { ...plain(before), ...faultOf(error, settings.dir) } };
  }
}

/** Runs `work` between two proofs of the medium. */
function proven(identity: string, work: (medium: MediumFacts) => Omit<FilesAnswer, 'medium'>): FilesAnswer {
  const before = lookAtMedium(settings);
  if (before.state !== 'mounted' || before.identity !== identity) {
    forgetAll();
    return { ...nothing, medium: plain(before) };
  }
  const answer = work(before);
  const after = lookAtMedium(settings);
  if (after.state !== 'mounted' || after.identity !== identity) {
    forgetAll();
    return { ...nothing, medium: plain(after) };
  }
  return { ...answer, medium: plain(after), unfinished: memory.tracked.size };
}

function clockFor(step: { readonly now: number }, medium: MediumFacts): () => Clock {
  return () => ({ now: step.now, mono: performance.now(), remote: medium.remote });
}

function look(step: Extract<Step, { kind: 'look' }>): FilesAnswer {
  return proven(step.identity, (medium) => {
    const { lane, folder, known, keep, compare } = step;
    const session = beginLook(memory, {
      root: medium.real,
      folder,
      known,
      keep,
      compare,
      mono: performance.now(),
    });
    if (!session) return { ...nothing, needKnown: true };
    sessions.set(lane, session);
    return some(lane, session, medium, step);
  });
}

function some(lane: Lane, session: Session, medium: MediumFacts, step: { readonly now: number }) {
  const { found, settling } = examineSome(memory, session, medium.real, clockFor(step, medium));
  const gone = session.gone.splice(0, BATCH_FILES);
  const more = session.candidates.length > 0 || session.gone.length > 0;
  if (!more) sessions.delete(lane);
  const growing = growingIn(memory, session.folder);
  return { ...nothing, found, gone, more, growing, missed: session.missed, settling, error: session.error };
}

function more(step: Extract<Step, { kind: 'more' }>): FilesAnswer {
  return proven(step.identity, (medium) => {
    const session = sessions.get(step.lane);
    return session ? some(step.lane, session, medium, step) : { ...nothing, needKnown: true };
  });
}

function quick(step: Extract<Step, { kind: 'quick' }>): FilesAnswer {
  return proven(step.identity, (medium) => {
    const { found, settling, missing } = examineSettling(memory, medium.real, clockFor(step, medium));
    return { ...nothing, found, settling, lookAgain: missing };
  });
}

function answer(step: Step): Answer {
  switch (step.kind) {
    case 'root':
      return root(step);
    case 'look':
      return look(step);
    case 'more':
      return more(step);
    case 'quick':
      return quick(step);
    case 'probe':
      return probe(step);
  }
}

port.on('message', ({ id, step }: Request) => {
  try {
    send({ id, answer: answer(step) });
  } catch (error) {
    forgetAll();
    send({ id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
