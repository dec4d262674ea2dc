/** How long the box takes to answer, as those who ask it see it. */
import type { AmiTestClient } from '../ami/client.ts';
import type { Box } from './box.ts';

/** Milliseconds of each answer, by what was asked. */
export type Latencies = ReadonlyMap<string, readonly number[]>;

/** Asks by turns until `done`; an answer that doesn't come in 30 s, or is none, rejects. */
export async function measure(box: Box, ami: AmiTestClient, done: () => boolean): Promise<Latencies> {
  const asks: Readonly<Record<string, () => Promise<boolean>>> = {
    '/healthz': async () => (await box.fetch('/healthz')).status === 200,
    '9006': async () => (await box.fetch('/cgi/webserve/9006?&limit=20')).status === 200,
    'AMI Ping': async () => (await ami.ask('Ping')).get('Ping') === 'Pong',
  };
  const found = new Map<string, number[]>(Object.keys(asks).map((name) => [name, []]));
  while (!done()) {
    for (const [name, ask] of Object.entries(asks)) {
      const began = performance.now();
      if (!(await ask())) throw new Error(`${name} did not answer as it should`);
      found.get(name)?.push(performance.now() - began);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return found;
}

/** `p50 4 ms, p99 12 ms, worst 15 ms of 300`. */
export function summary(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(0);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms of ${sorted.length}`;
}
