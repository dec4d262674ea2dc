/** Questions of `cdrd setup` at a terminal. */
import { createInterface, type Interface } from 'node:readline/promises';

export interface Asker {
  /** @returns what was typed; `fallback` for an empty line and at the end of the input. */
  ask(question: string, fallback: string): Promise<string>;
  close(): void;
}

export function openAsker(): Asker {
  const lines: Interface = createInterface({ input: process.stdin, output: process.stdout });
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  return {
    async ask(question, fallback) {
      const shown = fallback === '' ? question : `${question} [${fallback}]`;
      const typed = await Promise.race([lines.question(`${shown} `), ended]);
      return typed.trim() === '' ? fallback : typed.trim();
    },
    close: () => lines.close(),
  };
}
