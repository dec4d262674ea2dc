import { md5, together } from '../clients.ts';
import type { Row } from '../row.ts';

/** Names in pairs: of the first something would hold in the language that it is written in, of the second not. */
const PAIRS: readonly (readonly [holds: string, fails: string])[] = [
  ["watcher' AND 1=1 --", "watcher' AND 1=2 --"],
  ["x' OR 1=1 --", "x' OR 1=2 --"],
  ["x' UNION SELECT 1 WHERE '1'='1", "x' UNION SELECT 1 WHERE '1'='2"],
  ['watch(er)?', 'watch(es)?'],
  ['w.*', 'q.*'],
  ['w*', 'q*'],
  ['watcher%', 'qatcher%'],
  ['__proto__', '__prot0__'],
  ['constructor', 'constructxr'],
  ['watcher', 'qatcher'],
];

export const sqlBlind: Row = {
  name: 'sql-blind',
  flaws: [
    {
      cve: 'CVE-2020-5724',
      was: 'Grandstream UCM6200: the user name of a challenge over WebSocket went into a query; whether it held, the status told',
      source: 'https://www.tenable.com/security/research/tra-2020-17',
    },
    {
      cve: 'CVE-2020-5725',
      was: 'Grandstream UCM6200: the same in the log-in that follows, told by the time that the answer took',
      source: 'https://www.tenable.com/security/research/tra-2020-17',
    },
    {
      cve: 'CVE-2020-5726',
      was: 'Grandstream UCM6200: the same without log-in in the CTI server on port 8888, which gave the administrator’s password away',
      source: 'https://www.tenable.com/security/research/tra-2020-17',
    },
  ],
  no: 'answer before log-in that tells whether something about a user name holds',
  async attempt(box, tally) {
    const client = await box.amiLogIn('watcher');
    client.end();
    const all = PAIRS.flatMap((pair, index) => [overJson, overTcp].map((ask) => ({ pair, ask, host: index + 1 })));
    await together(all, async ({ pair, ask, host }) => {
      const [yes = '', no = ''] = await Promise.all(pair.map((name) => ask(box, name, host)));
      tally.works(yes !== '', 'an answer to Challenge and Login');
      tally.tried(yes === no, `${JSON.stringify(pair[0])} is answered ${yes}, ${pair[1]} ${no}`);
    });
    for (const [index, pair] of PAIRS.entries()) {
      const answers = [];
      for (const name of pair)
        answers.push(await box.number(8404, { UserName: name, Password: md5('x') }, { from: box.address(index + 1) }));
      const [yes, no] = answers.map(({ status, body }) => `${status} ${body}`);
      tally.tried(yes === no, `8404 answers ${pair[0]} with ${yes}, ${pair[1]} with ${no}`);
    }
  },
};

type Asker = (box: Parameters<Row['attempt']>[0], name: string, host: number) => Promise<string>;

/** The answers to a challenge and a log-in as this user, without what is drawn anew each time. */
const overJson: Asker = async (box, name, host) => {
  const socket = await box.socket('/ami', { protocol: 'json', from: box.address(host) });
  const answers: string[] = [];
  for (const packet of [
    { Action: 'Challenge', AuthType: 'MD5', Username: name },
    { Action: 'Login', AuthType: 'MD5', Username: name, Key: md5('x') },
  ]) {
    const from = socket.messages.length;
    socket.send(JSON.stringify(packet));
    answers.push((await socket.find((message) => message.includes('Response'), from)) ?? 'the end');
  }
  socket.close();
  return answers.join(' ').replace(/"\d{9,10}"/, 'N');
};

const overTcp: Asker = async (box, name, host) => {
  const client = await box.amiClient(box.address(host));
  await client.ask('Challenge', { AuthType: 'MD5', Username: name });
  await client.ask('Login', { Username: name, Secret: 'x' });
  client.end();
  return client.text.replace(/Challenge: \d+/, 'Challenge: N');
};
