/**
 * A share's pages: plain HTML without a script, for a phone and for a reader of screens. Numbers and names come from
 * strangers: every text goes through `html`, which lets none of it become markup.
 */
import { createHash } from 'node:crypto';
import type { TracedLeg } from '../../storage/sql/trace.ts';
import type { SharedCall } from './calls.ts';
import { type Language, type ShareText, TEXTS } from './text.ts';

/** Colours of a system that is dark as well, nothing wider than the screen, and targets that a finger meets. */
const STYLE = `
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif;background:#fff;color:#1a1c20}
a{color:#0b57a4}
@media (prefers-color-scheme:dark){:root{background:#16181c;color:#e8eaed}a{color:#9cc5ff}}
body{margin:0 auto;padding:1rem;max-width:44rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.2}
h2{font-size:1.2rem;margin:0 0 .5rem}
h3{font-size:1rem;margin:1rem 0 .25rem}
article{border:1px solid #8888;border-radius:.5rem;padding:1rem;margin:1rem 0}
dl{display:grid;grid-template-columns:minmax(6rem,auto) 1fr;gap:.25rem 1rem;margin:0}
dt{font-weight:600}
dd{margin:0}
audio{display:block;width:100%;margin:.5rem 0}
a{display:inline-block;padding:.6rem 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;white-space:nowrap}
`;

/** What a browser may do with it: this style, sound from here, and nothing else. */
export const SHARE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "media-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Markup, made by {@link html} alone. */
class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | readonly Markup[];

const SIGNS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text becomes text, whatever stands in it; controls, and marks that turn it round, are shown as `?`. */
function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.reduce((before, next, index) => before + markupOf(parts[index - 1] ?? '') + next));
}

function markupOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(({ text }) => text).join('');
  return String(part)
    .replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '?')
    .replaceAll(/[&<>"']/g, (sign) => SIGNS[sign] ?? '');
}

function document(language: Language, title: string, body: Markup): string {
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`.text;
}

export interface SharedPage {
  readonly calls: readonly SharedCall[];
  /** Whether they were shared with their recordings. */
  readonly recordings: boolean;
  /** On the box's clock. */
  readonly ends: string;
  /** IANA name of that clock's zone. */
  readonly zone: string;
  /** The link's own secret, for the addresses of its recordings. */
  readonly token: string;
  /** An epoch on the box's clock. */
  text(epoch: number): string;
}

export function sharedPage(language: Language, page: SharedPage): string {
  const t = TEXTS[language];
  const articles = page.calls.map((call) => callMarkup(call, page, t));
  return document(
    language,
    t.title(page.calls.length),
    html`<p>${t.until(page.ends, page.zone)}</p>
${articles}`,
  );
}

function callMarkup(call: SharedCall, page: SharedPage, t: ShareText): Markup {
  const { id, start, end, src, dst, from, to, duration, billsec, outcome, direction, ivr } = call;
  const title = t.call(src || t.withheld, dst || t.withheld);
  const facts = [
    [t.start, start],
    [t.end, end],
    [t.duration, t.seconds(duration)],
    [t.talk, t.seconds(billsec)],
    [t.outcome, wordOf(t.outcomes, outcome)],
    [t.direction, wordOf(t.directions, direction)],
    [t.trunks, [from, to].filter((trunk) => trunk !== '').join(' → ')],
    [t.menu, ivr],
  ] as const;
  const shown = facts.filter(([, value]) => value !== '');
  return html`<article aria-labelledby="call-${id}">
<h2 id="call-${id}">${title}</h2>
<dl>
${shown.map(
  ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>
`,
)}</dl>
<h3>${t.recording}</h3>
${recordingMarkup(call, page, t)}
<h3 id="legs-${id}">${t.legs}</h3>
<div class="wide" role="region" aria-labelledby="legs-${id}" tabindex="0">
<table aria-labelledby="legs-${id}">
<thead><tr>${[t.legStart, t.legFrom, t.legTo, t.legAnswered, t.legEnd, t.outcome].map(
    (name) => html`<th scope="col">${name}</th>`,
  )}</tr></thead>
<tbody>
${call.legs.map((leg) => legMarkup(leg, page, t))}</tbody>
</table>
</div>
</article>
`;
}

/** The word for what a record says; what has none is shown as it is. */
function wordOf(words: Readonly<Record<string, string>>, said: string): string {
  return (Object.hasOwn(words, said) ? words[said] : undefined) ?? said;
}

function legMarkup(leg: TracedLeg, { text }: SharedPage, t: ShareText): Markup {
  const { source, destination, start, answer, end, disposition } = leg;
  const outcome = wordOf(t.outcomes, disposition);
  const cells = [text(start), source, destination, answer === null ? '–' : text(answer), text(end), outcome];
  return html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`;
}

function recordingMarkup(call: SharedCall, { recordings, token }: SharedPage, t: ShareText): Markup {
  if (!recordings) return html`<p>${t.notShared}</p>`;
  if (!call.recording) return html`<p>${call.named === '' ? t.unrecorded : t.gone}</p>`;
  if (!call.recording.present) return html`<p>${t.away}</p>`;
  const address = `/share/${token}/${call.id}.wav`;
  const label = t.play(call.src || t.withheld, call.dst || t.withheld);
  return html`<audio controls preload="none" src="${address}" aria-label="${label}"></audio>
<a href="${address}?download=1" download>${t.download}</a>`;
}

/** Unknown, over or revoked: nobody can tell which. */
export function nothingPage(language: Language): string {
  const t = TEXTS[language];
  return document(language, t.nothing, html`<p>${t.nothingWhy}</p>`);
}

/** The link is good, and the medium that its recording lies on is away. */
export function offlinePage(language: Language): string {
  const t = TEXTS[language];
  return document(language, t.offline, html`<p>${t.offlineWhy}</p>`);
}
