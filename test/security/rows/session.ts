import { PASSWORDS } from '../box.ts';
import type { Row } from '../row.ts';

const GIVEN = 'A'.repeat(43);

export const session: Row = {
  name: 'session',
  flaws: [],
  no: 'session that somebody else can choose, guess, or use after its end',
  alone: true,
  async attempt(box, tally) {
    const who = (token: string) => box.number(30016, {}, { token });
    const cookieOf = (bytes: string) => /Set-Cookie: (cdrd_session=([^;\r\n]*)[^\r\n]*)/i.exec(bytes);
    const tokens: string[] = [];
    for (let count = 0; count < 12; count++) {
      // A session chosen beforehand: whoever laid the cookie into the browser would share what it becomes.
      const before = tokens.at(-1) ?? GIVEN;
      const headers = { Cookie: `cdrd_session=${before}; __Host-cdrd_session=${before}` };
      const answer = await box.logIn('monitor', PASSWORDS.monitor, { headers, from: box.address(count + 1) });
      tally.works(answer.status === 200, 'the monitor’s log-in');
      const token = String(answer.field('token'));
      const [, cookie = '', value = ''] = cookieOf(answer.bytes) ?? [];
      tally.tried(
        token !== before && !tokens.includes(token) && value === token,
        `log-in ${count} went on with ${token}`,
      );
      tally.tried(/HttpOnly/i.test(cookie) && /SameSite=Strict/i.test(cookie), `the cookie is ${cookie}`);
      tokens.push(token);
    }
    tally.tried((await who(GIVEN)).status === 401, 'a session that a stranger has named');
    // 256 bits each: of each bit about half are set, and no two tokens are alike in more than chance would have it.
    const bits = tokens.map((token) => [...Buffer.from(token, 'base64url')].flatMap((byte) => bitsOf(byte)));
    tally.tried(
      bits.every(({ length }) => length === 256),
      `tokens have ${bits.map(({ length }) => length)} bits`,
    );
    for (const [index, one] of bits.entries())
      for (const other of bits.slice(index + 1)) {
        const alike = one.filter((bit, place) => bit === other[place]).length;
        tally.tried(alike < 200, `two tokens agree in ${alike} of 256 bits`);
      }
    const [first = '', second = '', third = ''] = tokens;
    tally.works((await who(first)).status === 200, 'a session');
    tally.works((await box.number(30005, {}, { token: first })).status === 200, 'logging out');
    tally.tried((await who(first)).status === 401, 'a session works after its log-out');
    const flipped = `${second.slice(0, -1)}${second.endsWith('A') ? 'B' : 'A'}`;
    for (const near of [flipped, second.toLowerCase(), second.slice(0, -1), `${second}A`, ` ${second}`, `${second}%00`])
      tally.tried(near.trim() === second || (await who(near)).status !== 200, `${near} works for ${second}`);
    const admin = box.tokens.admin;
    const role = await box.number(
      30008,
      { UserName: 'monitor', role: 'monitor', Password: '0'.repeat(32) },
      { token: admin },
    );
    tally.works(role.status === 200, 'another password for the monitor');
    for (const token of [second, third])
      tally.tried((await who(token)).status === 401, 'a session works after the password changed');
    tally.works((await who(admin)).status === 200, 'the admin’s session');
    await box.restart();
    tally.tried((await who(admin)).status === 401, 'a session works in another process');
  },
};

function bitsOf(byte: number): number[] {
  return Array.from({ length: 8 }, (_, place) => (byte >> place) & 1);
}
