/** A page's view of the calls in progress: all that the WebSocket `/live` says. */
import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import type { Row } from './ami-stage.ts';
import { eventually, type Setup, tokenOf } from './daemon-process.ts';

export interface Watch {
  /** All that `/live` has said, parsed. */
  readonly said: readonly { call?: Row; ended?: string; json_array_live?: Row[] }[];
}

export async function watch(setup: Setup): Promise<Watch> {
  const socket = new WebSocket(`${setup.url.replace('http:', 'ws:')}/live`, {
    headers: { Authorization: `Bearer ${await tokenOf(setup)}` },
  });
  onTestFinished(() => socket.terminate());
  const said: Watch['said'][number][] = [];
  socket.on('message', (data) => void said.push(JSON.parse(String(data))));
  await eventually('first word of /live', 5_000, async () => said.length > 0);
  return { said };
}

/** Waits until it has told of a call in that state. */
export const told = (said: Watch['said'], state: string) =>
  eventually(`${state} in /live`, 5_000, async () => said.some(({ call }) => call?.['state'] === state));
