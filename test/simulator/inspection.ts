/**
 * What the simulated PBX tells of itself to whoever examines it (`cdrd doctor`): its configuration is cdrd's own snippets, its
 * modules those that a call needs, and its dialplan runs our subroutines. In the words of 16.28 (main/manager.c, pbx_config.c).
 */
import { readFileSync } from 'node:fs';
import type { Zone } from '../../storage/model/local-time.ts';
import type { Header } from './cdr.ts';

/** A plain answer, or a list: the events, and the name of the closing one. */
export type Told =
  | { readonly error: string }
  | { readonly headers: readonly Header[] }
  | { readonly message: string; readonly items: readonly (readonly Header[])[]; readonly complete: string };

const SNIPPETS = new URL('../../etc/asterisk/', import.meta.url);
const FILES = ['cdr.conf', 'cdr_manager.conf', 'cdr_custom.conf'];
const MODULES = ['app_mixmonitor', 'cdr_csv', 'cdr_custom', 'cdr_manager'];
const ANSWER = 'cdrd-answer';

/** @param now Epoch milliseconds. @returns null: it is no question of that kind. */
export function inspection(
  get: (name: string) => string,
  { zone, now }: { readonly zone: Zone; readonly now: number },
): Told | null {
  switch (get('Action').toLowerCase()) {
    case 'listcommands':
      return {
        headers: [
          ['Atxfer', 'Attended transfer.  (Priv: call,all)'],
          ['DBDel', 'Delete DB entry.  (Priv: system,all)'],
          ['ShowDialPlan', 'Show dialplan contexts and extensions  (Priv: config,reporting,all)'],
        ],
      };
    case 'getconfig':
      return FILES.includes(get('Filename'))
        ? { headers: configHeaders(readFileSync(new URL(get('Filename'), SNIPPETS), 'utf8')) }
        : { error: 'Config file not found' };
    case 'modulecheck':
      return MODULES.includes(get('Module').replace(/\.so$/, ''))
        ? { headers: [['Version', '']] }
        : { error: 'Module not loaded' };
    case 'getvar':
      return {
        headers: [
          ['Variable', get('Variable')],
          ['Value', variable(get('Variable'), zone, Math.floor(now / 1000))],
        ],
      };
    case 'showdialplan':
      return dialplan(get('Context'));
    default:
      return null;
  }
}

function configHeaders(text: string): Header[] {
  const headers: Header[] = [];
  let [category, line] = [-1, 0];
  const number = (value: number) => String(value).padStart(6, '0');
  for (const each of text.split('\n')) {
    const section = /^\[([^\]]+)\]/.exec(each)?.[1];
    const [, key, value] = /^([^;[=]+?)\s*=>?\s*(.*)$/.exec(each) ?? [];
    if (section !== undefined) {
      category++;
      line = 0;
      headers.push([`Category-${number(category)}`, section]);
    } else if (key !== undefined && value !== undefined)
      headers.push([`Line-${number(category)}-${number(line++)}`, `${key}=${value}`]);
  }
  return headers;
}

function variable(name: string, zone: Zone, at: number): string {
  if (name === 'EPOCH') return String(at);
  if (name !== 'STRFTIME(,,%s %z)') return '';
  const offset = zone.offsetAt(at);
  const part = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, '0');
  return `${at} ${offset < 0 ? '-' : '+'}${part(offset / 3_600)}${part((Math.abs(offset) % 3_600) / 60)}`;
}

function dialplan(context: string): Told {
  const lines: readonly (readonly [context: string, application: string, data: string])[] = [
    [ANSWER, 'Return', ''],
    ['extensions', 'Dial', `SIP/\${EXTEN},30,TtU(${ANSWER})`],
  ];
  const wanted = lines.filter(([name]) => context === '' || name === context);
  if (wanted.length === 0) return { error: `Did not find context ${context}` };
  const items = wanted.map(([name, application, data]): Header[] => [
    ['Event', 'ListDialplan'],
    ['Context', name],
    ['Extension', 's'],
    ['Priority', '1'],
    ['Application', application],
    ['AppData', data],
    ['Registrar', 'pbx_config'],
  ]);
  return { message: 'DialPlan list will follow', items, complete: 'ShowDialPlanComplete' };
}
