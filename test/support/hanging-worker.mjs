// A worker that never answers, as one whose file call hangs.
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', () => {});
