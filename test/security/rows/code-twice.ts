import { codeOf, fromBase32, stepAt } from '../../../cgi/access/totp.ts';
import { PASSWORDS } from '../box.ts';
import { md5 } from '../clients.ts';
import type { Row } from '../row.ts';

export const codeTwice: Row = {
  name: 'code-twice',
  flaws: [],
  no: 'log-in past the second factor: without a code, by a guessed, an old, or a used one',
  alone: true,
  async attempt(box, tally) {
    const { monitor, admin } = box.tokens;
    const begun = await box.number(30033, { Password: md5(PASSWORDS.monitor) }, { token: monitor });
    const secret = fromBase32(String(begun.field('secret')));
    tally.works(secret !== null, `a second factor's secret: ${begun.status} ${begun.body.slice(0, 80)}`);
    if (!secret) return;
    // Codes of the next step are good already: so there is one for the confirmation and one for a log-in. Both stay within
    // what a clock may be off, whenever a step ends meanwhile.
    const code = (later: number) => codeOf(secret, stepAt(Date.now() / 1000) + later);
    const confirmed = await box.number(30034, { Code: code(0) }, { token: monitor });
    tally.works(confirmed.status === 200, `confirming it: ${confirmed.status} ${confirmed.body}`);
    let host = 10;
    const logIn = (more: Record<string, string>) =>
      box.number(
        8404,
        { UserName: 'monitor', Password: md5(PASSWORDS.monitor), ...more },
        { from: box.address(host++) },
      );
    const wrong = await box.number(8404, { UserName: 'monitor', Password: md5('x') }, { from: box.address(host++) });
    const used = code(0);
    const next = code(1);
    const right = await logIn({ Code: next });
    tally.works(right.status === 200, `a log-in with a code: ${right.status} ${right.body}`);
    for (const more of [
      {},
      { Code: '' },
      { Code: next },
      { Code: used },
      { Code: '000000' },
      { Code: codeOf(secret, stepAt(Date.now() / 1000) - 5) },
      { Code: codeOf(secret, stepAt(Date.now() / 1000) + 5) },
    ]) {
      const answer = await logIn(more as Record<string, string>);
      tally.tried([400, 401, 429].includes(answer.status), `with ${JSON.stringify(more)}: ${answer.status}`);
      tally.tried(
        answer.status !== 401 || answer.body === wrong.body,
        `it tells that the password is right: ${answer.body}`,
      );
    }
    for (const body of [
      'Code[]=1',
      'Code=1&Code=2',
      'Code=0x0',
      'Code=%00',
      'Code=null',
      `Code=${next}%00`,
      `Code=+${next}`,
      `code=${next}&CODE=${next}`,
    ]) {
      const full = `UserName=monitor&Password=${md5(PASSWORDS.monitor)}&${body}`;
      const { status } = await box.ask('/cgi/webserve/8404', { method: 'POST', body: full, from: box.address(host++) });
      tally.tried([400, 401, 429].includes(status), `with ${body}: ${status}`);
    }
    await box.restart();
    const again = await logIn({ Code: next });
    tally.tried([401, 429].includes(again.status), `a used code after a restart: ${again.status}`);
    const removed = await box.number(30035, {}, { token: String(right.field('token')) });
    tally.tried(removed.status !== 200, 'it is removed without the password');
    tally.tried((await box.number(30016, {}, { token: admin })).status === 401, 'a session works in another process');
  },
};
