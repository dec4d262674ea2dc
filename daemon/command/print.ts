/** What commands tell a person, on a terminal perhaps: the one place that writes it, but for `export`, which writes data. */
import type { Writable } from 'node:stream';
import { printable } from '../printable.ts';

/** @param text Lines of ours; what strangers are called in them can neither end one nor reach the terminal. */
export function print(text: string, to: Writable = process.stdout): void {
  to.write(`${text.split('\n').map(printable).join('\n')}\n`);
}

/** The same for what went wrong. */
export function complain(text: string): void {
  print(text, process.stderr);
}
