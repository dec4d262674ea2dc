/** A secret for a command: on standard input, never as an argument, where every user of the box could read it. */
import { createInterface } from 'node:readline';

/** The first line of standard input; on a terminal it asks, and the typed line is not shown. */
export async function readSecret(what: string): Promise<string> {
  const terminal = process.stdin.isTTY === true;
  if (terminal) process.stderr.write(`${what}: `);
  // Without an output, readline in terminal mode takes the line without showing it.
  const lines = createInterface({ input: process.stdin, terminal });
  for await (const line of lines) {
    if (terminal) process.stderr.write('\n');
    return line;
  }
  return '';
}
