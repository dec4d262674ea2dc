import type { Packet } from '../../../daemon/wire/packet.ts';
import { listEnd } from '../../ami/pbx.ts';
import type { FakeSession } from '../../support/fake-ami.ts';
import type { Box } from '../box.ts';
import { form } from '../clients.ts';
import type { Row, Tally } from '../row.ts';
import { type Speaker, speaker } from './dialect-places.ts';

const GOOD = { src: '205', dst: '00491234567', acc: '205' };
const BREAKS = ['\r\n', '\n', '\r', '\u2028', '\u010d\u010a', '%0d%0a'];
/** What a text must not become: a header, a packet, an application, a function, another extension's dial string. */
const TEXTS = [
  ...BREAKS.map((end) => `205${end}Application: System${end}Data: id`),
  ...BREAKS.map((end) => `205${end}${end}Action: Command${end}Command: core stop now`),
  ...[
    '205&SIP/96',
    '205/n',
    'SIP/205',
    'Local/205@from-internal',
    '205@default',
    '205,System(id)',
    '\u0024{SHELL(id)}',
  ],
  ...['205|System', '*205', '205#', '+205', ' 205', '-205', '2O5', '299', '620', '', '205\u0000'],
];
/** Numbers that aren't among those that may be called: each costs money. */
const FOREIGN = ['0049999', '0900123', '00491', '911', '100', 's', 'h', '00491234567,1', '0049 1234'];

export const dialectCall: Row = {
  name: 'dialect-call',
  flaws: [
    {
      cve: 'CVE-2012-4869',
      was: 'FreePBX/Elastix: the number to call back brought lines of its own into the AMI’s Originate, and so an application that ran commands',
      source: 'https://www.exploit-db.com/exploits/18649',
    },
  ],
  no: 'line, application or number of a caller’s own choice in what callback has Asterisk do',
  alone: true,
  async attempt(box, tally) {
    const speak = await speaker(box);
    const before = box.pbx.asked;
    box.pbx.asked = answerPhones;
    try {
      await attempts(box, tally, speak);
    } finally {
      box.pbx.asked = before;
    }
  },
};

async function attempts(box: Box, tally: Tally, speak: Speaker): Promise<void> {
  const from = box.pbx.requests.length;
  const call = (values: Readonly<Record<string, string>>, headers = {}) =>
    speak.ask('mor', '/functions/activate_callback', { method: 'POST', body: form(values), headers });
  // What cdrd asks of itself, at any moment, and looking for phones are no calls: all else that Asterisk is told is.
  const own =
    /^Action: (Ping|CoreShowChannels|DBPut\r\nFamily: cdrd\r\nKey: [\w./-]+\r\nVal: [^\r\n]*)\r\nActionID: \S+\r\n\r\n$/;
  const looks =
    /^Action: (SIPpeers|PJSIPShowEndpoints|SIPshowpeer)\r\n(ActionID: \S+\r\n)?(Peer: 20[56]\r\n)?(ActionID: \S+\r\n)?\r\n$/;
  const placed = () =>
    box.pbx.requests
      .slice(from)
      .map(({ raw }) => raw.toString())
      .filter((raw) => !own.test(raw) && !looks.test(raw));
  const good = await call(GOOD);
  tally.works(placed().length === 1 && /<status>ok</.test(good.body), `a callback: ${good.body}`);
  const [first] = placed();
  for (const name of ['src', 'dst', 'acc'] as const)
    for (const text of [...TEXTS, ...(name === 'dst' ? FOREIGN : [])]) {
      const before = placed().length;
      const answer = await call({ ...GOOD, [name]: text });
      const sent = placed().slice(before);
      // An absent one may be made up for by another; blanks around one are none of it.
      const isPlain = text.trim() === GOOD[name] || (name === 'acc' && text === '');
      const isSame = sent.every((raw) => headersOf(raw) === headersOf(first ?? ''));
      tally.tried(
        answer.status < 500 && isSame && (isPlain || sent.length === 0),
        `${name}=${JSON.stringify(text)}: ${answer.status} ${sent.join('')}`,
      );
    }
  // Another's key, without the scope, and a key that may no more than read calls.
  for (const more of [{}, { numbers: '9006' }, { role: 'monitor' }]) {
    const token = box.tokens.admin;
    const made = await box.number(30011, { name: 'admin', role: 'admin', ...more }, { token });
    const before = placed().length;
    const answer = await call(GOOD, { Cookie: `_mor_session=${String(made.field('key'))}` });
    tally.tried(placed().length === before, `a key ${JSON.stringify(more)} has a call placed: ${answer.body}`);
  }
  const off = await box.number(30017, { 'mor.callback': 'no' }, { token: box.tokens.admin });
  tally.works(off.status === 200, 'switching callback off');
  const last = placed().length;
  await call(GOOD);
  tally.tried(placed().length === last, 'a call is placed though that is switched off');
}

/** A packet without what is another's each time. */
function headersOf(raw: string): string {
  return raw.replace(/^ActionID: .*\r\n/m, '').replace(/^(ChannelId|OtherChannelId): .*\r\n/gm, '');
}

/** An Asterisk with two phones of chan_sip. */
function answerPhones(request: Packet, session: FakeSession): void {
  switch (request.get('Action')) {
    case 'SIPpeers':
      session.answer(request, 'Success', ['EventList', 'start'], ['Message', 'Peer status list will follow']);
      session.send(['205', '206'].map((peer) => peerEntry(request, peer)).join(''));
      session.send(listEnd('PeerlistComplete', request, 2));
      break;
    case 'PJSIPShowEndpoints':
      session.answer(request, 'Error', ['Message', 'Invalid/unknown command']);
      break;
    case 'SIPshowpeer':
      session.answer(request, 'Success', ['ObjectName', request.get('Peer')], ['Context', 'from-internal']);
      break;
    default:
      session.answer(request, 'Success', ['Message', 'Originate successfully queued']);
  }
}

function peerEntry(request: Packet, peer: string): string {
  const id = request.get('ActionID');
  return `Event: PeerEntry\r\nActionID: ${id}\r\nChanneltype: SIP\r\nObjectName: ${peer}\r\n\r\n`;
}
