/** The page of a share by itself: no text of a caller's becomes markup, whatever it is, and the language is the browser's. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SharedCall } from '../../cgi/share/calls.ts';
import { nothingPage, offlinePage, sharedPage } from '../../cgi/share/page.ts';
import { languageOf } from '../../cgi/share/text.ts';
import type { TracedLeg } from '../../storage/sql/trace.ts';

const LEG: TracedLeg = {
  ...{ id: 1, uniqueId: '1.0', sequence: 0, source: '205', destination: '204', channel: 'SIP/205-1' },
  ...{ destinationChannel: 'SIP/204-2', application: 'Dial', disposition: 'ANSWERED' },
  ...{ start: 0, answer: 2, end: 5, amiAt: null, csv: null },
};
const CALL: SharedCall = {
  ...{ id: 7, start: '2021-05-07 12:00:00', end: '2021-05-07 12:00:05', src: '205', dst: '204', from: '96', to: '42' },
  ...{ duration: 5, billsec: 3, outcome: 'ANSWERED', direction: 'Internal', ivr: '620', named: 'x.wav', legs: [LEG] },
  recording: { path: '20210507/x.wav', size: 44, seconds: 3, state: '', keep: false, present: true },
};
const PAGE = { recordings: true, ends: '2021-05-14 12:00:00', zone: 'Etc/GMT+8', token: 'x'.repeat(43), text: String };

const shown = (change: Partial<SharedCall> = {}, leg: Partial<TracedLeg> = {}) =>
  sharedPage('en', { ...PAGE, calls: [{ ...CALL, ...change, legs: [{ ...LEG, ...leg }] }] });

/** What makes markup, in order. */
const signs = (text: string) => text.replaceAll(/[^<>"']/g, '');

const strange = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.constantFrom(
    '</title><script>',
    '"onerror="x',
    "'><img src=x>",
    '&lt;b&gt;',
    '<!--',
    ']]>',
    '\u0000<',
    '\u202e<b>',
    '__proto__',
    'constructor',
  ),
);

test('no text becomes markup, or turns the text round', () => {
  const plain = signs(shown());
  fc.assert(
    fc.property(strange, strange, strange, (a, b, c) => {
      const page = shown(
        { src: a, dst: b, from: c, to: a, ivr: b, outcome: c, direction: a },
        { source: a, destination: c },
      );
      expect(signs(page)).toBe(plain);
      expect(page.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});

describe('the recording', () => {
  test.each([
    ['is played and saved', {}, '<audio controls preload="none" src="/share/'],
    ['lies on a medium that is away', { recording: { ...CALL.recording, present: false } }, 'not in place'],
    ['is gone', { recording: null }, 'The recording of this call is not there.'],
    ['never was', { recording: null, named: '' }, 'This call has no recording.'],
  ])('%s', (_, change, text) => {
    const page = shown(change as Partial<SharedCall>);
    expect(page).toContain(text);
    expect(page.includes('<audio')).toBe(text.startsWith('<audio'));
    expect(page).not.toContain('x.wav<');
  });

  test('was not shared', () => {
    const page = sharedPage('es', { ...PAGE, recordings: false, calls: [CALL] });
    expect(page).toContain('Las grabaciones no se han compartido.');
    expect(page).not.toContain('<audio');
  });
});

test('a number that was withheld has a word', () => expect(shown({ src: '' })).toContain('withheld to 204'));

test.each(['en', 'es'] as const)('every page tells its language (%s)', (language) => {
  for (const page of [nothingPage(language), offlinePage(language), sharedPage(language, { ...PAGE, calls: [CALL] })]) {
    expect(page).toMatch(new RegExp(`^<!doctype html>\\n<html lang="${language}">`));
    expect(page).toContain('<meta name="viewport" content="width=device-width');
  }
});

test.each([
  ['', 'en'],
  ['es', 'es'],
  ['es-MX,es;q=0.9,en;q=0.8', 'es'],
  ['en-US,en;q=0.9,es;q=0.8', 'en'],
  ['de,es;q=0.7,en;q=0.3', 'es'],
  ['de-CH', 'en'],
  ['es;q=0', 'en'],
  ['es;q=x,en;q=0.1', 'en'],
  [`${'de,'.repeat(500)}es`, 'en'],
])('of %s it is %s', (accepted, language) => expect(languageOf(accepted)).toBe(language));
