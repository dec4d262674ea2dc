/** What programs of other products send: forms as PHP and Rails read them, and what goes back as XML. */
import { readForm } from '../../../cgi/dialect/form.ts';
import { periodOf } from '../../../cgi/dialect/mor/period.ts';
import { parseUser } from '../../../cgi/dialect/mor/users.ts';
import { readRelaxed } from '../../../cgi/dialect/voipmonitor/relaxed-json.ts';
import { readSent, textIn, wholeIn, yesIn } from '../../../cgi/dialect/voipmonitor/request.ts';
import { xmlDocument } from '../../../cgi/dialect/xml.ts';
import { CgiError } from '../../../cgi/reply.ts';
import { zone } from '../../../storage/model/local-time.ts';
import { readXml } from '../../support/strict-xml.ts';
import { holds, orRefused, same, type Target, utf8 } from '../target.ts';

/** A query or a form body. */
const form: Target = {
  name: 'dialect-form',
  words: [
    ...['&', '=', '+', '%', '%20', '%c3%a9', '%zz', '%00', '%26', '&&', '&=', '=&'],
    ...['cmd=cdrreport', 'params=', 'params[caller]=', 'params[0][caller]=', '__proto__=', 'user=', 'hash='],
  ],
  run(input) {
    const text = utf8(input);
    const read = readForm(text);
    holds(readForm(text, 3).size <= 3, 'no more pairs than are asked for');
    // Where every escape is one, the platform's reader finds the same; of several the last holds.
    if (/%(?![0-9A-Fa-f]{2})/.test(text) || hasBrokenUtf8(text)) return;
    const theirs = new Map(new URLSearchParams(text.startsWith('?') ? `&${text}` : text));
    same([...read], [...theirs], 'as forms are read');
  },
};

/** Whether escapes decode to what is no UTF-8: each reader replaces such in its own way. */
function hasBrokenUtf8(text: string): boolean {
  try {
    decodeURIComponent(text);
    return false;
  } catch {
    return true;
  }
}

/** Texts that strangers gave, a line each: in an element, and in an attribute of the next. */
const xml: Target = {
  name: 'dialect-xml',
  words: [
    ...[
      '&',
      '<',
      '>',
      '"',
      "'",
      ']]>',
      '<![CDATA[',
      '<!--',
      '-->',
      '<?',
      '&#0;',
      '&amp;',
      '\r',
      '\t',
      '\u0000',
      '\u0001',
    ],
    ...['\u001b[2J', '\ufffe', '\uffff', '\ud800', '\u0085', '\u2028', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///">]>'],
  ],
  run(input) {
    const lines = utf8(input).split('\n').slice(0, 50);
    const text = xmlDocument(['page', lines.map((line) => ['call', line, { name: line }])]);
    // A reader that refuses whatever isn't well-formed finds as many calls, and each says what was said, as far as XML can.
    const { children } = readXml(text);
    same(children.length, lines.length, 'no text makes or ends an element');
    for (const [index, line] of lines.entries()) {
      const call = children[index];
      same(call?.text, sayable(line), 'an element says what was said');
      same(call?.attributes['name'], sayable(line), 'an attribute likewise');
    }
  },
};

/** What XML has no way to write is U+FFFD. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const sayable = (text: string) => text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/gu, '\ufffd');

/** What a client of VoIPmonitor sends: a query, and behind a line feed a body. */
const params: Target = {
  name: 'voipmonitor-params',
  words: [
    ...[
      'task=getVoipCalls',
      '&user=u&password=p',
      '&params={',
      '"caller":"9"',
      '"cdrId":4919',
      ':true',
      ':[1,2]',
      '},{',
    ],
    ...[
      'params[caller]=',
      'params[0][caller]=',
      '&params=[{',
      '{"task":"getVoipCalls","params":{',
      '__proto__',
      'null',
    ],
    ...['}', ']', '\n', '\n{"', '1e400', '[[[[', '"\\u0000"', '%7B%22', 'cidInterval', 'constructor'],
  ],
  run(input) {
    const [query = '', ...body] = utf8(input).split('\n');
    const sent = orRefused(() => readSent(query, body.join('\n')), CgiError);
    if (!sent) return;
    const { texts, params, isList } = sent;
    holds(texts.size <= 200 && params.length <= 20, 'few names, and few objects');
    holds(isList || params.length === 1, 'one object where there is no list');
    for (const [name, text] of texts) {
      holds(typeof text === 'string' && text !== '' && text.length <= 8_000, 'a text that was given, of bounds', name);
      same(sent.text(name), text, 'by its name it is found');
    }
    same(sent.text('nothing of this name'), '', 'what was not given is empty');
    for (const each of params)
      for (const name of each.keys())
        for (const read of [textIn, wholeIn, yesIn]) orRefused(() => read(each, name) ?? null, CgiError);
    // Whichever way it comes, it is the same: params as objects in a JSON body.
    const objects = params.map((each) => Object.fromEntries(each));
    const again = readSent('', JSON.stringify({ ...Object.fromEntries(texts), params: isList ? objects : objects[0] }));
    same([...again.texts], [...Object.entries(Object.fromEntries(texts))], 'the texts of a JSON body');
    same(
      again.params.map((each) => [...each]),
      objects.map(Object.entries),
      'the params of a JSON body',
    );
  },
};

/** An object as people write it into an address. */
const relaxed: Target = {
  name: 'voipmonitor-relaxed',
  words: [
    '{',
    '}',
    ':',
    ',',
    '"',
    "'",
    '\\',
    '\\u0041',
    '\\u',
    'null',
    'true',
    '190',
    '+4912',
    '1e9',
    'fcaller',
    '__proto__',
  ],
  run(input) {
    const text = utf8(input);
    const read = orRefused(() => readRelaxed('cdr_filter', text), CgiError);
    const strict = orRefused(() => JSON.parse(text) as unknown, SyntaxError);
    if (read) {
      holds(read.size <= 100 && [...read.values()].every((value) => value.length <= 8_000), 'it has its bounds');
      const written = JSON.stringify(Object.fromEntries(read));
      if (written.length <= 8_000)
        same([...readRelaxed('x', written)].length, read.size, 'written as JSON it is the same');
    }
    // What JSON's own reader takes as one object of plain values is taken here, too.
    const isObject = typeof strict === 'object' && strict !== null && !Array.isArray(strict);
    const values = isObject ? Object.values(strict) : [];
    if (isObject && values.length <= 100 && text.length <= 8_000 && values.every((value) => typeof value !== 'object'))
      holds(read !== null, 'JSON is read', text);
  },
};

const CLOCK = { zone: zone('Etc/GMT+8'), now: () => 1_620_374_702 };

/** A form of MOR's pages, and behind a line feed a line of `mor.users`. */
const pages: Target = {
  name: 'mor-forms',
  words: [
    ...[
      'period_start=',
      'period_end=',
      'date_from[year]=2021',
      '&date_from[month]=2',
      '&date_from[day]=30',
      '&date_till=',
    ],
    ...[
      '2008-03-10 05:41:31',
      '2021-02-30',
      '0000-00-00',
      '9999-12-31',
      '%2B',
      '5=shop:201-204 210',
      '0=',
      ':',
      '-',
      ',',
    ],
  ],
  run(input) {
    const [sent = '', line = ''] = utf8(input).split('\n', 2);
    const period = orRefused(() => periodOf(readForm(sent), CLOCK, 1), CgiError);
    if (period) {
      holds(Number.isSafeInteger(period.from) && period.from <= period.till, 'a period begins before it ends', period);
      const { from, to } = period.start;
      holds(from === undefined || to === undefined || from <= to, 'as moments likewise', period.start);
    }
    const user = parseUser(line);
    if (typeof user === 'string') return holds(user !== '' && user.length < 5_000, 'a refusal says why');
    holds(/^[1-9]\d{0,8}$/.test(user.id) && user.name !== '', 'a user has an id and a name', user);
    holds(user.ranges !== null && user.ranges.length > 0, 'a user has extensions, and never all', user);
  },
};

export const dialectTargets: readonly Target[] = [form, xml, params, relaxed, pages];
