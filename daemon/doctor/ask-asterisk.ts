/**
 * What Asterisk's AMI tells whoever has the classes system, call and reporting: its configuration files as they stand on its
 * disk, its modules, its dialplan, its clock. Only looked at: none of these actions changes anything.
 */
import type { AsteriskConnection } from '../asterisk/connection.ts';
import type { Header, Packet } from '../wire/packet.ts';

/** A key and a value of a section of a file. */
export interface Pair {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

export interface AskAsterisk {
  /** Pairs of a configuration file, includes included; null: there is none, or nothing in it. @throws what keeps it from being asked. */
  pairs(file: string): Promise<readonly Pair[] | null>;
  hasModule(name: string): Promise<boolean>;
  /** Of a global variable or a function. */
  variable(name: string): Promise<string>;
  /** What each action that our user may ask is for, with its classes. */
  actions(): Promise<ReadonlyMap<string, string>>;
  /** Items of a list; null: there is no such thing, or no such action. */
  list(headers: readonly Header[]): Promise<readonly Packet[] | null>;
}

/** manager.c's words for an action that no module has brought. */
const UNKNOWN = /Invalid\/unknown command/;

export function askAsterisk({ action, list }: Pick<AsteriskConnection, 'action' | 'list'>): AskAsterisk {
  const asked = async (name: string, ...more: Header[]): Promise<Packet> => {
    const answer = await action([['Action', name], ...more]);
    const message = answer.get('Message');
    // Said of rights only: whoever asks knows what else may be refused.
    if (answer.get('Response') === 'Error' && (UNKNOWN.test(message) || message === 'Permission denied'))
      throw new Error(`Asterisk does not answer ${name}: ${message}`);
    return answer;
  };
  return {
    async pairs(file) {
      const answer = await asked('GetConfig', ['Filename', file]);
      return answer.get('Response') === 'Success' ? pairsOf(answer) : null;
    },
    hasModule: async (name) => (await asked('ModuleCheck', ['Module', name])).get('Response') === 'Success',
    variable: async (name) => (await asked('Getvar', ['Variable', name])).get('Value'),
    async actions() {
      return new Map((await asked('ListCommands')).headers);
    },
    async list(headers) {
      const items: Packet[] = [];
      try {
        await list(headers, (item) => void items.push(item));
        return items;
      } catch (error) {
        if (/gone|is (down|connecting|refused)|in time/.test(String(error))) throw error;
        return null; // in Asterisk's own words: no such context, no such action
      }
    },
  };
}

/** `Category-000001: csv`, `Line-000001-000000: key=value`. */
function pairsOf(answer: Packet): readonly Pair[] {
  const sections = new Map<string, string>();
  return answer.headers.flatMap(([name, text]): Pair[] => {
    const category = /^Category-(\d+)$/.exec(name)?.[1];
    if (category !== undefined) sections.set(category, text.toLowerCase());
    const line = /^Line-(\d+)-\d+$/.exec(name)?.[1];
    const equals = text.indexOf('=');
    if (line === undefined || equals < 0) return [];
    return [{ section: sections.get(line) ?? '', key: text.slice(0, equals), value: text.slice(equals + 1) }];
  });
}

/** What holds of a key: of two the last. */
export function lastValue(pairs: readonly Pair[], section: string, key: string): string | undefined {
  return pairs.findLast((pair) => pair.section === section && pair.key.toLowerCase() === key)?.value;
}

/** As Asterisk reads a yes (main/utils.c, ast_true). */
export function isYes(value: string): boolean {
  return /^(yes|true|y|t|1|on)$/i.test(value.trim());
}
