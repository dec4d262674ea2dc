/**
 * The worker for file work that somebody waits for: downloads, players, deletions. Apart from the watcher's, so that
 * neither delays the other. Each step proves first that the medium is mounted and alive, reads that follow each other
 * closely all together, and once more behind what says that something isn't there: a stick being pulled shows nothing,
 * without an error.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { performBackup } from './backup-steps.ts';
import {
  type FileAnswer,
  type FileAnswers,
  type FileReplies,
  type FileRequest,
  type FileRequests,
  type FileStep,
  SHORT,
} from './file-protocol.ts';
import { lookAt, openOne, readStretches } from './file-reads.ts';
import { eraseSome, listTrash, moveBack, moveToTrash, removeFiles, trashFolder } from './file-steps.ts';
import { repairHeader, restoreHeader } from './header-steps.ts';
import { PEAK_WORK_MS, PROOF_MS, STEP_WORK_MS, STEPS_WORK_MS } from './limits.ts';
import { faultOf, lookAtMedium, type MediumFacts, plain } from './medium.ts';
import { createPlace, type OpenFolder } from './open-folder.ts';
import { readPeaks } from './peak-steps.ts';
import type { WorkerSettings } from './protocol.ts';
import { spaceOf } from './write-probe.ts';

const settings = workerData as WorkerSettings;
const port = parentPort;
if (!port) throw new Error('file-worker runs as a worker only');

const NO_ROOM = new ArrayBuffer(0);

/** @param open The recordings folder, for what only looks and reads. */
function done(
  { step, room = NO_ROOM }: FileRequest,
  { real, place, mount }: MediumFacts,
  open: OpenFolder,
): FileAnswer['value'] {
  switch (step.kind) {
    case 'look':
      return lookAt(open, step.paths);
    case 'open':
      return { ...openOne(open, step.path, step, place, new Uint8Array(room)), room };
    case 'read': {
      const { stretches } = step;
      const other = stretches.findIndex(({ file }) => file.place !== place);
      const own = other < 0 ? stretches : stretches.slice(0, other);
      if (own.length === 0) return null;
      const end = performance.now() + STEP_WORK_MS;
      const filled = readStretches(open, own, new Uint8Array(room), () => performance.now() >= end);
      return filled === null ? null : { room, filled };
    }
    case 'peaks': {
      if (step.file.place !== place) return null;
      const end = performance.now() + PEAK_WORK_MS;
      return readPeaks(real, step, () => performance.now() >= end);
    }
    case 'folder':
      return trashFolder(real, step.folder, step.make);
    case 'trash':
      return moveToTrash(real, step.folder, step.paths);
    case 'restore':
      return moveBack(real, step.folder, step.paths);
    case 'remove':
      return removeFiles(real, step.paths);
    case 'erase':
      return eraseSome(real, step.folder);
    case 'list':
      return listTrash(real);
    case 'room':
      return { space: spaceOf(real), readOnly: mount?.readOnly ?? false };
    case 'header':
      return step.change === 'repair' ? repairHeader(real, step.path) : restoreHeader(real, step.path);
    default:
      return performBackup(real, step);
  }
}

/** It was mounted since: until the watcher has seen it nobody knows which medium it is. */
function another(medium: MediumFacts): FileAnswer {
  return { medium: { ...plain(medium), state: 'dead', why: 'being mounted' }, value: undefined };
}

/** The last proof, and when it began, monotonic milliseconds. */
let last: { readonly medium: MediumFacts; readonly at: number } | null = null;

function prove(): MediumFacts {
  const at = performance.now();
  const medium = lookAtMedium(settings);
  last = { medium, at };
  return medium;
}

/** The last proof does for reads that come right behind it, unless the watcher knows another medium by now. */
function provenFor(requests: FileRequests): MediumFacts {
  if (last?.medium.state !== 'mounted' || performance.now() >= last.at + PROOF_MS) return prove();
  const { place } = last.medium;
  return requests.every((each) => SHORT.has(each.step.kind) && each.place === place) ? last.medium : prove();
}

function perform(request: FileRequest, before: MediumFacts, open: OpenFolder): FileAnswer {
  const { step, place } = request;
  if (before.state !== 'mounted') return { medium: plain(before), value: undefined };
  if (place !== undefined && before.place !== place) return another(before);
  let value: FileAnswer['value'];
  try {
    value = done(request, before, open);
  } catch (error) {
    return { medium: { ...plain(before), ...faultOf(error, settings.dir) }, value: undefined };
  }
  // Bytes that were read are what they are, and a file that was seen was there.
  if (isSeen(step, value)) return { medium: plain(before), value };
  const after = prove();
  if (after.place !== before.place) return another(after);
  return { medium: plain(after), value: after.state === 'mounted' ? value : undefined };
}

/** Whether what came of it says of nothing that it isn't there. */
function isSeen({ kind }: FileStep, value: FileAnswer['value']): boolean {
  if (kind === 'read') return Boolean(value);
  if (kind === 'open') return typeof (value as FileAnswers['open']).looked === 'object';
  return kind === 'look' && (value as FileAnswers['look']).every((looked) => typeof looked === 'object');
}

/** The medium is proven once for all that is asked at a time; what takes longer is proven anew. */
function performAll(requests: FileRequests): FileReplies {
  const before = provenFor(requests);
  const end = performance.now() + STEPS_WORK_MS;
  const answers: FileAnswer[] = [];
  const open = createPlace(before.real);
  try {
    for (const request of requests) {
      if (answers.length > 0 && performance.now() >= end) break;
      answers.push(perform(request, before, open));
    }
  } finally {
    open.close();
  }
  return { answers, rest: requests.slice(answers.length).map(({ room }) => room) };
}

/** Rooms that go back. */
function roomsOf({ answers, rest }: FileReplies): ArrayBuffer[] {
  const filled = answers.flatMap(({ value }) =>
    value && typeof value === 'object' && 'room' in value ? [value.room] : [],
  );
  return [...filled, ...rest.flatMap((room) => room ?? [])];
}

port.on('message', ({ id, step: requests }: { readonly id: number; readonly step: FileRequests }) => {
  try {
    const answer = performAll(requests);
    port.postMessage({ id, answer }, roomsOf(answer));
  } catch (error) {
    port.postMessage({ id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
