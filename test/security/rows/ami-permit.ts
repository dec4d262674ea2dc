import { AMI_SECRET, FAR_USER } from '../box.ts';
import { md5, together } from '../clients.ts';
import type { Row } from '../row.ts';

export const amiPermit: Row = {
  name: 'ami-permit',
  flaws: [],
  no: 'AMI log-in from an address that the user may not come from, as IPv4 or as IPv6 writes it',
  async attempt(box, tally) {
    const token = box.tokens.admin;
    const near = await box.number(
      30022,
      { name: 'near', secret: AMI_SECRET, read: 'cdr', permit: '127.200.0.0/16' },
      { token },
    );
    tally.works(near.status === 200, 'a user with a permitted range');
    const logIn = async (user: string, from: string) => {
      const client = await box.amiClient(from);
      const answer = await client.ask('Login', { Username: user, Secret: AMI_SECRET });
      return { client, does: answer.get('Response') === 'Success' };
    };
    const inside = await logIn('near', '127.200.3.4');
    tally.works(inside.does, 'its log-in from within, which IPv6 writes ::ffff:127.200.3.4');
    await together(
      [
        ['near', '127.201.0.1'],
        ['near', '127.0.0.1'],
        ['near', '127.199.255.255'],
        [FAR_USER, '127.0.0.1'],
        [FAR_USER, '127.10.9.8'],
      ] as const,
      async ([user, from]) => {
        const { client, does } = await logIn(user, from);
        tally.tried(!does, `${user} logs in from ${from}`);
        client.end();
      },
    );
    await together(['text', 'json', 'md5'], async (kind) => {
      const socket = await box.socket('/ami', { from: '127.201.0.2', ...(kind !== 'text' && { protocol: 'json' }) });
      const say = async (packet: Record<string, string>) => {
        const from = socket.messages.length;
        const lines = Object.entries(packet).map((line) => line.join(': '));
        socket.send(kind === 'text' ? `${lines.join('\r\n')}\r\n\r\n` : JSON.stringify(packet));
        return (await socket.find((message) => message.includes('Response'), from)) ?? '';
      };
      const challenge = /\d{9,10}/.exec(await say({ Action: 'Challenge', AuthType: 'MD5' }))?.[0] ?? '';
      const proof = kind === 'md5' ? { AuthType: 'MD5', Key: md5(challenge + AMI_SECRET) } : { Secret: AMI_SECRET };
      const answer = await say({ Action: 'Login', Username: 'near', ...proof });
      tally.tried(!answer.includes('Success'), `near logs in by WebSocket (${kind}): ${answer}`);
      socket.close();
    });
    // A claimed address is nobody's.
    const claimed = await box.socket('/ami', {
      protocol: 'json',
      from: '127.201.0.3',
      headers: { 'X-Forwarded-For': '127.200.3.4', Forwarded: 'for=127.200.3.4' },
    });
    claimed.send(JSON.stringify({ Action: 'Login', Username: 'near', Secret: AMI_SECRET }));
    tally.tried(
      !(await claimed.find((message) => message.includes('Response')))?.includes('Success'),
      'near logs in by a claimed address',
    );
    claimed.close();
    // Who is in goes when the range does.
    await box.number(30022, { name: 'near', permit: '127.202.0.0/16' }, { token });
    await inside.client.until('the end of who may no longer come', () => inside.client.closed).catch(() => {});
    tally.tried(inside.client.closed, 'who may no longer come from there stays logged in');
    await box.number(30023, { name: 'near' }, { token });
  },
};
