/**
 * The worker for file work that somebody waits for: downloads, players, deletions. Apart from the watcher's, so that
 * neither delays the other. Each step proves first that the medium is mounted and alive, and once more behind what says
 * that something isn't there: a stick being pulled shows nothing, without an error.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { performBackup } from './backup-steps.ts';
import type { FileAnswer, FileRequest, FileStep } from './file-protocol.ts';
import {
  eraseSome,
  listTrash,
  lookAt,
  moveBack,
  moveToTrash,
  readStretches,
  removeFiles,
  trashFolder,
} from './file-steps.ts';
import { repairHeader, restoreHeader } from './header-steps.ts';
import { PEAK_WORK_MS, STEP_WORK_MS } from './limits.ts';
import { faultOf, lookAtMedium, type MediumFacts, plain } from './medium.ts';
import { readPeaks } from './peak-steps.ts';
import type { WorkerSettings } from './protocol.ts';
import { spaceOf } from './write-probe.ts';

const settings = workerData as WorkerSettings;
const port = parentPort;
if (!port) throw new Error('file-worker runs as a worker only');

function done(step: FileStep, { real, place, mount }: MediumFacts): FileAnswer['value'] {
  switch (step.kind) {
    case 'look':
      return lookAt(real, step.paths);
    case 'read': {
      const { room, stretches } = step;
      const other = stretches.findIndex(({ file }) => file.place !== place);
      const own = other < 0 ? stretches : stretches.slice(0, other);
      if (own.length === 0) return null;
      const end = performance.now() + STEP_WORK_MS;
      const filled = readStretches(real, own, new Uint8Array(room), () => performance.now() >= end);
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

function perform({ step, place }: FileRequest): FileAnswer {
  const before = lookAtMedium(settings);
  if (before.state !== 'mounted') return { medium: plain(before), value: undefined };
  if (place !== undefined && before.place !== place) return another(before);
  let value: FileAnswer['value'];
  try {
    value = done(step, before);
  } catch (error) {
    return { medium: { ...plain(before), ...faultOf(error, settings.dir) }, value: undefined };
  }
  // Bytes that were read are what they are.
  if (step.kind === 'read' && value) return { medium: plain(before), value };
  const after = lookAtMedium(settings);
  if (after.place !== before.place) {
    return another(after);
  }
  return { medium: plain(after), value: after.state === 'mounted' ? value : undefined };
}

port.on('message', ({ id, step: request }: { readonly id: number; readonly step: FileRequest }) => {
  const { step } = request;
  try {
    const answer = perform(request);
    port.postMessage({ id, answer }, step.kind === 'read' && answer.value ? [step.room] : []);
  } catch (error) {
    port.postMessage({ id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
