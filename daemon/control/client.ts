/** A command's end of the control socket. */
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { ANSWER_LINE_MAX } from '../limits.ts';
import { CONTROL_SOCKET, type ControlAnswer, type ControlRequest } from './protocol.ts';

/** Milliseconds that the daemon may take to answer: an account is made at once, a million records take their time. */
const ANSWER_MS: Readonly<Record<ControlRequest['command'], number>> = {
  'user.set': 15_000,
  'user.totp-off': 15_000,
  'ami-user.set': 15_000,
  'ami-user.remove': 15_000,
  'ami-user.list': 15_000,
  import: 3_600_000,
  refold: 3_600_000,
  verify: 3_600_000,
  backup: 3_600_000,
  'backup.begin': 60_000,
  'backup.end': 60_000,
  export: 3_600_000, // between two parts: a person may be reading them
  trace: 15_000,
  alive: 10_000,
  doctor: 40_000, // each of its looks has a bound of its own: 30 s together, with an Asterisk and a medium that hang
  support: 15_000,
};

/**
 * Asks the running daemon.
 * @param take What is done with each part of an export; the next waits for it.
 * @returns what it did, or null when none is running there.
 * @throws what the daemon says is wrong; what `take` throws.
 */
export async function askDaemon(
  runDir: string,
  request: ControlRequest,
  take: (part: string) => Promise<void> = async () => {},
): Promise<string | null> {
  const socket = await connected(runDir);
  if (!socket) return null;
  const late = new Error('the running daemon does not answer');
  socket.setTimeout(ANSWER_MS[request.command], () => socket.destroy(late));
  socket.write(`${JSON.stringify(request)}\n`);
  try {
    for await (const line of linesOf(socket)) {
      const answer = JSON.parse(line) as ControlAnswer;
      if ('failed' in answer) throw new Error(answer.failed);
      if ('done' in answer) return answer.done;
      await take(answer.part);
    }
    throw new Error('the running daemon broke off');
  } finally {
    socket.destroy();
  }
}

/** null: nobody listens there. */
function connected(runDir: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(join(runDir, CONTROL_SOCKET));
    socket.setEncoding('utf8');
    socket.once('connect', () => {
      socket.off('error', refused);
      resolve(socket);
    });
    const refused = (error: NodeJS.ErrnoException) => {
      const nobody = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      if (nobody) resolve(null);
      else reject(error);
    };
    socket.once('error', refused);
  });
}

async function* linesOf(socket: Socket): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of socket as AsyncIterable<string>) {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
    if (text.length > ANSWER_LINE_MAX) throw new Error('the running daemon answers too much');
  }
}
