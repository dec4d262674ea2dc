/** A command's end of the control socket. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { CONTROL_LINE_MAX } from '../limits.ts';
import { CONTROL_SOCKET, type ControlAnswer, type ControlRequest } from './protocol.ts';

/** Milliseconds that the daemon may take to answer: an account is made at once, a million records take their time. */
const ANSWER_MS: Readonly<Record<ControlRequest['command'], number>> = {
  'user.set': 15_000,
  'ami-user.set': 15_000,
  'ami-user.remove': 15_000,
  'ami-user.list': 15_000,
  import: 3_600_000,
  refold: 3_600_000,
  verify: 3_600_000,
  trace: 15_000,
};

/**
 * Asks the running daemon. @returns what it did, or null when none is running there.
 * @throws what the daemon says is wrong.
 */
export async function askDaemon(runDir: string, request: ControlRequest): Promise<string | null> {
  const line = await new Promise<string | null>((resolve, reject) => {
    const socket = connect(join(runDir, CONTROL_SOCKET));
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(ANSWER_MS[request.command], () =>
      socket.destroy(new Error('the running daemon does not answer')),
    );
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > CONTROL_LINE_MAX) socket.destroy(new Error('the running daemon answers too much'));
    });
    socket.once('end', () => resolve(text));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const nobody = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      if (nobody) resolve(null);
      else reject(error);
    });
  });
  if (line === null) return null;
  const answer = JSON.parse(line) as ControlAnswer;
  if ('failed' in answer) throw new Error(answer.failed);
  return answer.done;
}
