/** Asterisk asked by name for the dialects: what only it knows, as its packets tell it. */
import { type AskAsterisk, type AsteriskHeaders, type CallCounts, NoAnswer } from '../../cgi/dialect/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { Packet } from '../wire/packet.ts';
import type { AsteriskConnection } from './connection.ts';
import { goesOn, Unanswered } from './requests.ts';

export function createAskAsterisk(connection: Pick<AsteriskConnection, 'status' | 'action' | 'list'>): AskAsterisk {
  const asked = async <T>(work: () => Promise<T>): Promise<T> => {
    if (connection.status.state !== 'up') throw new CgiError('conflict', 'Asterisk is away');
    try {
      return await work();
    } catch (error) {
      if (error instanceof CgiError) throw error;
      const message = `Asterisk: ${(error as Error).message}`;
      throw error instanceof Unanswered ? new NoAnswer(message) : new CgiError('conflict', message);
    }
  };
  /** When the connection came about on which the console was refused: each try stands in Asterisk's security log. */
  let refusedSince: number | null = null;
  const packetOf = (name: string, parameters: Readonly<Record<string, string>>) =>
    [['Action', name], ...Object.entries(parameters)] as const;

  return {
    action: (name, parameters = {}) =>
      asked(async () => {
        const answer = await connection.action(packetOf(name, parameters));
        if (answer.get('Response') === 'Error')
          throw new CgiError('conflict', `Asterisk: ${answer.get('Message') || 'it refuses'}`);
        return headersOf(answer);
      }),
    list: (name, parameters = {}) =>
      asked(async () => {
        const items: AsteriskHeaders[] = [];
        let end: AsteriskHeaders = [];
        await connection.list(packetOf(name, parameters), (item) => {
          if (goesOn(item)) items.push(headersOf(item));
          else end = headersOf(item);
        });
        return { items, end };
      }),
    callCounts: () =>
      asked(async () => {
        const { since } = connection.status;
        if (refusedSince === since) return null;
        const answer = await connection.action(packetOf('Command', { Command: 'core show calls' }));
        if (answer.get('Response') === 'Error') refusedSince = since;
        return countsOf(answer);
      }),
  };
}

/** `1 active call` and `12235 calls processed`, a line each. */
function countsOf({ headers }: Packet): CallCounts | null {
  const said = headers.filter(([name]) => name === 'Output').map(([, line]) => line);
  const count = (words: RegExp) => said.map((line) => words.exec(line)?.[1]).find((found) => found !== undefined);
  const active = count(/^(\d+) active calls?$/);
  const processed = count(/^(\d+) calls? processed$/);
  return active === undefined || processed === undefined
    ? null
    : { active: Number(active), processed: Number(processed) };
}

function headersOf({ headers }: Packet): AsteriskHeaders {
  return headers.filter(([name]) => name !== 'ActionID');
}
