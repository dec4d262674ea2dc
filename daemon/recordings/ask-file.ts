/** One step of a file worker at a time, for those who share it with nobody (file-client.ts is for the others). */
import type { FileAnswer, FileReplies, FileRequests, FileStep } from './file-protocol.ts';
import type { StepClient } from './step-client.ts';

/** @throws {WorkerLost} when it does not answer in time. */
export async function askFile<Kind extends FileStep['kind']>(
  client: Pick<StepClient, 'ask'>,
  step: Extract<FileStep, { kind: Kind }>,
): Promise<FileAnswer<Kind>> {
  const { answers } = (await client.ask([{ step }] satisfies FileRequests)) as FileReplies;
  return answers[0] as FileAnswer<Kind>; // of one step the whole is always done
}
