/** One contact as it is sent and as CSV has it: what a number, a name and a group may be, and how a whole book is read. */
import type { Contact } from '../../storage/store.ts';
import { type CsvRow, csvLine, csvRows } from '../csv.ts';
import { Wrong } from '../fields.ts';
import { CgiError } from '../reply.ts';
import { CONTACTS_MAX } from './book.ts';

/** The columns of the CSV, in the order in which it goes out. */
const COLUMNS = ['number', 'name', 'group'] as const;
/** Characters; a telephone number has 15 digits, names on phones' displays some 20. */
const NUMBER_MAX = 40;
const NAME_MAX = 80;
/** Faulty lines that an answer names. */
const FAULTS_SHOWN = 20;
/** Lines read between two rests, so that other requests are answered meanwhile. */
const LINES_AT_ONCE = 100;

/** As calls show it: no blank, bracket or slash, which no number in a call has, and which would therefore never be met. */
export function contactNumber(text: string): string {
  const number = text.trim();
  if (number.length > NUMBER_MAX) throw new Wrong(`must be at most ${NUMBER_MAX} characters`);
  if (!/^[\p{L}\p{N}+*#._@-]+$/u.test(number))
    throw new Wrong('must be a number as calls show it: digits, letters, + * # . _ @ - without blanks and brackets');
  return number;
}

export function contactName(text: string): string {
  const name = contactGroup(text);
  if (name === '') throw new Wrong('must not be empty');
  return name;
}

export function contactGroup(text: string): string {
  const group = text.trim();
  if (/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(group))
    throw new Wrong('must not hold line breaks or other control characters');
  if (group.length > NAME_MAX) throw new Wrong(`must be at most ${NAME_MAX} characters`);
  return group;
}

export const csvHeader = csvLine(COLUMNS);
export const csvContact = ({ number, name, group }: Contact): string => csvLine([number, name, group]);

/** A line that is no contact. */
export interface LineFault {
  readonly line: number;
  /** What is wrong with it, for people. */
  readonly message: string;
}

/**
 * Reads a book: a header with `number`, `name` and, if wanted, `group` in any order, separated by commas or semicolons,
 * then a line a contact. @throws {CgiError} `invalid` naming every faulty line by its number.
 */
export async function readContacts(text: string): Promise<Contact[]> {
  const { contacts, faults } = await lookAtContacts(text);
  if (faults.length > 0) throw invalid(`is at fault, nothing was changed: ${listed(faults)}`);
  return contacts;
}

/** The same, faulty lines told beside the others. @throws {CgiError} where it is no book at all. */
export async function lookAtContacts(text: string): Promise<{ contacts: Contact[]; faults: LineFault[] }> {
  const delimiter = /^[^\r\n,]*;/.test(text) ? ';' : ',';
  const rows = csvRows(text, delimiter);
  const head = rows.next().value as CsvRow | undefined;
  const columns = (head?.cells ?? []).map((cell) => cell.trim().toLowerCase());
  const place = COLUMNS.map((column) => columns.indexOf(column));
  const known = columns.every((column, index) => place.includes(index) && columns.indexOf(column) === index);
  if (!known || place[0] === -1 || place[1] === -1) throw invalid('must begin with the line number,name,group');
  const lines = new Map<string, number>();
  const contacts: Contact[] = [];
  const faults: LineFault[] = [];
  for (const row of rows) {
    try {
      const contact = contactOf(row, columns.length, place);
      const before = lines.get(contact.number);
      if (before !== undefined) throw new Wrong(`number ${contact.number} stands in line ${before} already`);
      lines.set(contact.number, row.line);
      contacts.push(contact);
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      faults.push({ line: row.line, message: error.message });
    }
    if (contacts.length > CONTACTS_MAX) throw invalid(`has more than ${CONTACTS_MAX} contacts`);
    if ((contacts.length + faults.length) % LINES_AT_ONCE === 0) await new Promise((rest) => setImmediate(rest));
  }
  return { contacts, faults };
}

function contactOf({ cells, fault }: CsvRow, columns: number, place: readonly number[]): Contact {
  if (fault !== '') throw new Wrong(fault);
  if (cells.length > columns) throw new Wrong(`has ${cells.length} cells where the header has ${columns}`);
  const [number = '', name = '', group = ''] = place.map((at) => cells[at] ?? '');
  return {
    number: named('number', contactNumber, number),
    name: named('name', contactName, name),
    group: named('group', contactGroup, group),
  };
}

function named(column: string, read: (text: string) => string, text: string): string {
  try {
    return read(text);
  } catch (error) {
    throw error instanceof Wrong ? new Wrong(`${column} ${error.message}`) : error;
  }
}

function listed(faults: readonly LineFault[]): string {
  const more = faults.length - FAULTS_SHOWN;
  const shown = faults.slice(0, FAULTS_SHOWN).map(({ line, message }) => `line ${line}: ${message}`);
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

const invalid = (message: string) => new CgiError('invalid', `csv ${message}`, 'csv');
