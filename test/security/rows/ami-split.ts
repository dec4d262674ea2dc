import { BREAKS, STRANGERS, STRANGERS_CALL } from '../box.ts';
import type { SocketClient } from '../clients.ts';
import type { Row } from '../row.ts';

/** In front of what an attacker would have stand on a line of its own. */
const ENDS = ['\r\n', '\n', '\r\n\r\n', '\u0000', ...BREAKS];
const SMUGGLED = 'Action: Originate';

export const amiSplit: Row = {
  name: 'ami-split',
  flaws: [
    {
      cve: 'CVE-2012-4869',
      was: 'FreePBX/Elastix 2.9, 2.10: the number to call back in callme_page.php went unchecked into an AMI packet, so that line breaks in it added headers which ran commands',
      source: 'https://www.exploit-db.com/exploits/18649',
    },
  ],
  no: 'AMI packet that a value splits, towards Asterisk or towards a listener',
  async attempt(box, tally) {
    const before = box.pbx.requests.length;
    const listener = await box.amiLogIn('watcher');
    const socket = await box.socket('/ami', { protocol: 'json' });
    const say = speaker(socket);
    tally.works(
      (await say({ Action: 'Login', Username: 'caller', Secret: 'ami-Geheimnis-4417' })) === 'Success',
      'log-in',
    );
    for (const end of ENDS) {
      const value = `202${end}${SMUGGLED}${end}Channel: SIP/96${end}${end}`;
      // A value, a list of them, a name, an ActionID, an object that says what text it is.
      await say({ Action: 'Redirect', Channel: value, Exten: '204' });
      await say({ Action: 'Redirect', Channel: ['SIP/205', value] });
      await say({ Action: 'Redirect', [`Exten: 1${end}${SMUGGLED}`]: '1' });
      await say({ Action: `Redirect${end}${SMUGGLED}` });
      await say({ Action: 'Redirect', ActionID: `7${end}${SMUGGLED}` });
      await say({ Action: 'Redirect', Channel: { toString: 'x', [value]: value } });
    }
    const tcp = await box.amiLogIn('caller');
    for (const end of ['\r', '\u0085', '\u2028', '\u0000', '\u010d\u010a']) {
      tcp.send(`Action: Redirect\r\nChannel: SIP/205${end}${SMUGGLED}${end}${end}\r\n\r\n`);
      await tcp.ask('Ping');
    }
    const forwarded = box.pbx.requests.slice(before);
    tally.works(
      forwarded.some((packet) => packet.get('Action') === 'Redirect'),
      'forwarding what the class call grants',
    );
    for (const packet of forwarded) {
      const action = packet.get('Action');
      const lines = packet.raw.toString().split(/\r\n|\r|\n/);
      const smuggled = lines.some((line) => line.startsWith('Action: Originate')) || lines.slice(0, -2).includes('');
      tally.tried(!smuggled && action !== 'Originate', `Asterisk was told ${JSON.stringify(packet.raw.toString())}`);
    }
    // The other way: callers' names with line breaks, as Asterisk's CDR file holds them, told again as events.
    listener.send('Action: CdrdReplay\r\nSince: 0\r\nEventMask: cdr\r\n\r\n');
    await listener.find((packet) => packet.first[1] === 'CdrdReplayComplete');
    const told = listener.events('Cdr').filter((packet) => packet.get('Destination') === STRANGERS_CALL);
    tally.works(told.length === STRANGERS.length, `telling ${STRANGERS.length} calls of strangers, not ${told.length}`);
    for (const packet of listener.packets) {
      const lines = packet.raw.toString('latin1').split(/\r\n|\r|\n/);
      tally.tried(!lines.some((line) => /^(Injected:|Event: Injected)/.test(line)), `a listener got ${packet.raw}`);
    }
    listener.end();
    tcp.end();
    socket.close();
  },
};

/** Sends an object a message and gives the `Response` to it. */
function speaker(socket: SocketClient) {
  return async (packet: Readonly<Record<string, unknown>>): Promise<string> => {
    const from = socket.messages.length;
    socket.send(JSON.stringify(packet));
    const answer = await socket.find((message) => message.includes('"Response"'), from);
    return answer === null ? '' : String((JSON.parse(answer) as Record<string, unknown>)['Response']);
  };
}
