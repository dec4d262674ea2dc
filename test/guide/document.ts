/**
 * A guide document taken apart: prose that a person reads, and between it fenced blocks that the test carries out in order
 * (README.md here lists them). Pure: text in, steps out. What isn't known is refused with its line, never passed over,
 * because a block that nobody runs would be a promise that nobody keeps.
 */

/** A line of a document. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

export interface Wav {
  /** Below the recordings folder. */
  readonly path: string;
  /** Of sound. */
  readonly seconds: number;
  /** Its call has just ended; otherwise it lies there since the time in its name. */
  readonly now: boolean;
}

/** An entry of an archive: a recording's bytes, or, where it has text, that text. */
export interface Entry {
  readonly line: number;
  readonly name: string;
  /** Lines, each ended by CRLF; null: the bytes of the recording that the entry is named after. */
  readonly text: readonly string[] | null;
}

/** What an answer's body must be. */
export type Body =
  /** These lines; how they are joined hangs on the answer's Content-Type (see compare.ts). None: an empty body. */
  | { readonly kind: 'text'; readonly lines: readonly Line[] }
  | { readonly kind: 'tar' | 'zip'; readonly entries: readonly Entry[] }
  /** Bytes of a recording, both ends included; to = null: all. */
  | {
      readonly kind: 'wav';
      readonly line: number;
      readonly path: string;
      readonly from: number;
      readonly to: number | null;
    };

export interface Answer {
  readonly status: Line;
  /** `Name: value`. */
  readonly headers: readonly Line[];
  readonly body: Body;
}

/** Lines that go one way, one behind the other. */
export interface AmiTurn {
  readonly from: 'client' | 'box';
  readonly lines: readonly Line[];
}

/** How the PBX answers an action. */
export interface AsteriskAnswer {
  readonly action: string;
  /** What the action must bear for it; none: whatever it bears. */
  readonly parameters: Readonly<Record<string, string>>;
  /** As Asterisk writes them but for the ActionID, which is added behind each one's first line. */
  readonly packets: readonly string[];
}

export type Step =
  /** The PBX sends these packets, so many records of calls among them. */
  | { readonly kind: 'ami'; readonly line: number; readonly bytes: string; readonly records: number }
  /** From now on the PBX answers this action, when it bears these parameters, with these packets. */
  | { readonly kind: 'asterisk'; readonly line: number; readonly answer: AsteriskAnswer }
  /** These recordings lie on the medium from now on. */
  | { readonly kind: 'recordings'; readonly line: number; readonly files: readonly Wav[] }
  /** The document's AMI client sends the lines with `>` and must get those with `<`, in this order and nothing between. */
  | { readonly kind: 'ami client'; readonly line: number; readonly turns: readonly AmiTurn[] }
  /** A client sends these bytes, but for placeholders, and must get this answer. */
  | { readonly kind: 'http'; readonly line: number; readonly request: string; readonly answer: Answer }
  /** Just these recordings lie on the medium now. */
  | { readonly kind: 'medium'; readonly line: number; readonly paths: readonly string[] };

export interface GuideDocument {
  readonly name: string;
  readonly title: string;
  /** IANA name of the box's zone. */
  readonly zone: string;
  /** What its owner has set besides, by setting. */
  readonly settings: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

/** What is wrong with a document, where. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  constructor(document: string, line: number, what: string) {
    super(`${document}:${line}: ${what}`);
  }
}

interface Block {
  /** What stands behind the opening fence. */
  readonly info: string;
  /** Of the opening fence. */
  readonly line: number;
  readonly lines: readonly Line[];
}

/** @param name For messages. @throws {DocumentError} */
export function parseDocument(name: string, text: string): GuideDocument {
  const lines = text.split('\n').map((line, index): Line => ({ number: index + 1, text: line }));
  const { front, title, blocks } = outline(name, lines);
  const zone = front.get('zone');
  if (!zone) throw new DocumentError(name, 1, 'no line `zone: …` at the top');
  const settings = settingsOf(front.get('settings') ?? '', (what) => new DocumentError(name, 1, what));
  return { name, title, zone, settings, steps: stepsOf(name, blocks) };
}

const FRONT: ReadonlySet<string> = new Set(['zone', 'settings']);

/** `elastix.enabled=yes, mor.base=/mor`. */
function settingsOf(text: string, fail: (what: string) => DocumentError): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((pair) => pair.trim());
  return Object.fromEntries(
    pairs
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [, name, value = ''] = /^([a-z]+\.[a-z_]+)=(.*)$/.exec(pair) ?? [];
        if (name === undefined) throw fail('settings are written `name=value, name=value`');
        return [name, value.trim()];
      }),
  );
}

function outline(
  name: string,
  lines: readonly Line[],
): { readonly front: ReadonlyMap<string, string>; readonly title: string; readonly blocks: readonly Block[] } {
  const front = new Map<string, string>();
  const blocks: Block[] = [];
  let title: string | null = null;
  let open: { info: string; line: number; lines: Line[] } | null = null;
  for (const line of lines) {
    const fence = /^```(.*)$/.exec(line.text);
    if (open) {
      if (!fence) open.lines.push(line);
      else if (fence[1] !== '') throw new DocumentError(name, line.number, 'a block begins inside a block');
      else {
        blocks.push(open);
        open = null;
      }
    } else if (fence) open = { info: fence[1]?.trim() ?? '', line: line.number, lines: [] };
    else if (/^\s*(?:~~~|```)/.test(line.text))
      throw new DocumentError(name, line.number, 'blocks begin with ``` at the margin');
    else if (title === null && line.text.startsWith('# ')) title = line.text.slice(2).trim();
    else if (title === null && line.text.trim() !== '') {
      const [, key = '', value = ''] = /^([a-z]+): *(.*)$/.exec(line.text) ?? [];
      if (!FRONT.has(key))
        throw new DocumentError(name, line.number, 'above the title stand `zone:` and `settings:` only');
      front.set(key, value.trim());
    }
  }
  if (open) throw new DocumentError(name, open.line, 'this block has no end');
  if (title === null) throw new DocumentError(name, 1, 'no title `# …`');
  return { front, title, blocks };
}

function stepsOf(name: string, blocks: readonly Block[]): Step[] {
  const steps: Step[] = [];
  const rows = new Map<string, readonly Line[]>();
  const rest = [...blocks];
  for (let block = rest.shift(); block; block = rest.shift()) {
    const { info, line, lines } = block;
    const fail = (what: string, at = line) => new DocumentError(name, at, what);
    if (lines.every(({ text }) => text === '') && info !== 'medium') throw fail('this block is empty');
    const row = /^row ([\w-]+)$/.exec(info)?.[1];
    if (row !== undefined) {
      if (rows.has(row)) throw fail(`there is a row ${row} already`);
      rows.set(row, lines);
    } else if (info === 'ami') steps.push(amiStep(block, fail));
    else if (info.startsWith('asterisk ')) steps.push({ kind: 'asterisk', line, answer: asteriskAnswer(block, fail) });
    else if (info === 'ami client') steps.push({ kind: 'ami client', line, turns: turnsOf(lines, fail) });
    else if (info === 'recordings')
      steps.push({ kind: 'recordings', line, files: lines.map((each) => wavOf(each, fail)) });
    else if (info === 'medium')
      steps.push({ kind: 'medium', line, paths: lines.map(({ text }) => text).filter((text) => text !== '') });
    else if (info === 'http') {
      const answer = rest.shift();
      if (answer?.info !== 'http answer') throw fail('behind a request stands its `http answer`');
      const bytes = BODIES.has(rest[0]?.info ?? '') ? rest.shift() : undefined;
      steps.push({ kind: 'http', line, request: requestOf(lines), answer: answerOf(answer, bytes, rows, fail) });
    } else throw fail(`nobody knows what to do with a block of \`${info}\``);
  }
  if (!steps.some(({ kind }) => kind === 'http' || kind === 'ami client'))
    throw new DocumentError(name, 1, 'nothing is asked in it');
  return steps;
}

type Fail = (what: string, line?: number) => DocumentError;

function amiStep(block: Block, fail: Fail): Step {
  const packets = packetsOf(block, fail);
  const records = packets.filter((packet) => packet.startsWith('Event: Cdr\r\n')).length;
  return { kind: 'ami', line: block.line, bytes: packets.join(''), records };
}

/** `asterisk GetConfig Filename=sip.conf`: the action and what it must bear. */
function asteriskAnswer(block: Block, fail: Fail): AsteriskAnswer {
  const [, action = '', ...pairs] = block.info.split(/ +/);
  const parameters = pairs.map((pair) => /^(\w+)=(.*)$/.exec(pair)?.slice(1));
  if (parameters.some((pair) => pair === undefined)) throw fail('behind the action stands `NAME=VALUE …` or nothing');
  const packets = packetsOf(block, fail);
  if (!packets[0]?.startsWith('Response: ')) throw fail('Asterisk answers an action with `Response: …` first');
  return { action, parameters: Object.fromEntries(parameters as string[][]), packets };
}

/** Asterisk ends lines with CRLF and writes a blank behind each colon, even where the value is empty. */
function packetsOf({ lines }: Block, fail: Fail): string[] {
  const packets = lines
    .map(({ text }) => text)
    .join('\n')
    .split(/\n\n+/)
    .map((packet) => packet.replace(/^\n|\n$/g, ''))
    .filter((packet) => packet !== '');
  const bare = lines.find(({ text }) => text !== '' && !/^[^:]+: /.test(text));
  if (bare) throw fail('Asterisk writes `Name: value`, the blank there even when the value is empty', bare.number);
  return packets.map((packet) => `${packet.replaceAll('\n', '\r\n')}\r\n\r\n`);
}

/** Each line is `> ` or `< ` and what was said; a mark alone is an empty line. */
function turnsOf(lines: readonly Line[], fail: Fail): AmiTurn[] {
  const turns: { from: AmiTurn['from']; lines: Line[] }[] = [];
  for (const { number, text } of lines) {
    const [, mark, said = ''] = /^([<>])(?: (.*))?$/.exec(text) ?? [];
    if (!mark) throw fail('each line of it begins with `> ` (the client) or `< ` (the box)', number);
    const from = mark === '>' ? 'client' : 'box';
    const line = { number, text: said };
    const last = turns.at(-1);
    if (last?.from === from) last.lines.push(line);
    else turns.push({ from, lines: [line] });
  }
  return turns;
}

function wavOf({ number, text }: Line, fail: Fail): Wav {
  const [, path, seconds, now] = /^(\S+) (\d{1,3}) s( now)?$/.exec(text) ?? [];
  if (!path) throw fail('a recording is written `PATH SECONDS s`, or `PATH SECONDS s now`', number);
  return { path, seconds: Number(seconds), now: now !== undefined };
}

/** As a client sends it: the lines of the head end with CRLF, the body behind the first empty line stays as it is. */
function requestOf(lines: readonly Line[]): string {
  const texts = lines.map(({ text }) => text);
  const empty = texts.indexOf('');
  const head = empty < 0 ? texts : texts.slice(0, empty);
  const body = empty < 0 ? '' : texts.slice(empty + 1).join('\n');
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

const BODIES: ReadonlySet<string> = new Set(['tar', 'zip', 'wav']);

function answerOf(
  { line, lines }: Block,
  bytes: Block | undefined,
  rows: ReadonlyMap<string, readonly Line[]>,
  fail: Fail,
): Answer {
  const [status, ...others] = lines;
  if (!status || !/^HTTP\/1\.1 \d{3} /.test(status.text)) throw fail('an answer begins with its status line', line);
  const empty = others.findIndex(({ text }) => text === '');
  const headers = empty < 0 ? others : others.slice(0, empty);
  const bare = headers.find(({ text }) => !/^[A-Za-z-]+: ./.test(text));
  if (bare) throw fail('a header is written `Name: value`; an empty line stands before the body', bare.number);
  const text = empty < 0 ? [] : others.slice(empty + 1).flatMap((each) => withRows(each, rows, fail));
  if (!bytes) return { status, headers, body: { kind: 'text', lines: text } };
  if (text.length > 0) throw fail('the body stands here twice', bytes.line);
  return { status, headers, body: bytesOf(bytes, fail) };
}

/** `{row NAME}` stands for the lines of the block `row NAME` above; a difference is told with the line there. */
function withRows(line: Line, rows: ReadonlyMap<string, readonly Line[]>, fail: Fail): Line[] {
  return line.text.split(/(\{row [^}]*\})/).flatMap((text): Line[] => {
    const row = /^\{row (.*)\}$/.exec(text)?.[1];
    if (row === undefined) return text.trim() === '' ? [] : [{ number: line.number, text }];
    const found = rows.get(row);
    if (!found) throw fail(`no block above is \`row ${row}\``, line.number);
    return [...found];
  });
}

function bytesOf({ info, line, lines }: Block, fail: Fail): Body {
  if (info === 'wav') {
    const [, path, from = '0', to] = /^(\S+?)(?: (\d+)-(\d+))?$/.exec(lines[0]?.text ?? '') ?? [];
    if (!path || lines.length > 1) throw fail('a body of sound is written `PATH` or `PATH FROM-TO`');
    return { kind: 'wav', line, path, from: Number(from), to: to === undefined ? null : Number(to) };
  }
  const entries: { line: number; name: string; text: string[] | null }[] = [];
  for (const { number, text } of lines) {
    const last = entries.at(-1);
    if (!text.startsWith('  ')) entries.push({ line: number, name: text, text: null });
    else if (!last) throw fail('text without an entry above it', number);
    else last.text = [...(last.text ?? []), text.slice(2)];
  }
  return { kind: info === 'tar' ? 'tar' : 'zip', entries };
}
