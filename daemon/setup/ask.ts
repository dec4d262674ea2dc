/** Questions of `cdrd setup` at a terminal. */
import { createInterface, type Interface } from 'node:readline/promises';

export interface Asker {
  /** @returns what was typed; `fallback` for an empty line; '' where nobody answers any more (the end of the input). */
  ask(question: string, fallback: string): Promise<string>;
  close(): void;
}

export function openAsker(): Asker {
  const lines: Interface = createInterface({ input: process.stdin, output: process.stdout });
  let isOver = false;
  const over = new Promise<null>((resolve) =>
    lines.once('close', () => {
      isOver = true;
      resolve(null);
    }),
  );
  return {
    async ask(question, fallback) {
      if (isOver) return '';
      const shown = fallback === '' ? question : `${question} [${fallback}]`;
      const typed = await Promise.race([lines.question(`${shown} `), over]);
      if (typed === null) return '';
      return typed.trim() === '' ? fallback : typed.trim();
    },
    close: () => lines.close(),
  };
}
