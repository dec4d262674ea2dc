/** Every target of code that reads bytes without doing anything else. */
import type { Target } from '../target.ts';
import { configTargets } from './config.ts';
import { csvTargets } from './csv.ts';
import { dialectTargets } from './dialects.ts';
import { fileTargets } from './files.ts';
import { multipart } from './multipart.ts';
import { numberTargets } from './numbers.ts';
import { packetTargets } from './packets.ts';
import { requestTargets } from './request.ts';
import { timeTargets } from './time.ts';

export const TARGETS: readonly Target[] = [
  ...requestTargets,
  ...dialectTargets,
  multipart,
  ...timeTargets,
  ...numberTargets,
  ...packetTargets,
  ...csvTargets,
  ...fileTargets,
  ...configTargets,
];
