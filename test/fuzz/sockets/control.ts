/** The control socket: open to its own user alone, but a command may be of another version, or no command at all. */
import { EXPORT_FORMATS, EXPORT_KINDS } from '../../../daemon/control/protocol.ts';
import { Broken, choicesOf, holds } from '../target.ts';
import type { SocketTarget } from './attacked.ts';
import { exchange, piecesOf } from './exchange.ts';

export const control: SocketTarget = {
  name: 'control',
  share: 10,
  words: [
    ...[
      '{"command":"',
      '"}\n',
      '","',
      '":"',
      'user.set',
      'ami-user.set',
      'ami-user.list',
      'ami-user.remove',
      'trace',
      'export',
      '"what":"',
    ],
    ...[
      ...EXPORT_KINDS,
      ...EXPORT_FORMATS,
      '"format":"',
      '"uniqueId":"',
      'import',
      '"path":"',
      'refold',
      '"from":"2026-01-02"',
      '[',
      ']',
      '{',
      '}',
    ],
    ...['null', 'true', '1e999', '"read":["all"]', '"user":"fuzz"', '"role":"monitor"', '"digest":"', '\n'],
  ],
  async run(input, attacked) {
    // One that holds the store's file still is for who copies it, and he lets go by himself.
    if (input.includes('backup')) return;
    const choices = choicesOf(input);
    const bytes = await exchange(attacked.control, piecesOf(Buffer.concat([input, Buffer.from('\n')]), choices));
    const lines = bytes.toString().split('\n');
    for (const line of lines.slice(0, -1)) {
      const answer = answerOf(line);
      holds(
        ['done', 'failed', 'part'].some((name) => typeof answer[name] === 'string'),
        'done, failed or a part',
        line,
      );
    }
  },
};

function answerOf(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    throw new Broken(`an answer is JSON: ${line.slice(0, 200)}`);
  }
}
