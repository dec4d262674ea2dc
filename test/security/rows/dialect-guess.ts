import { createHash } from 'node:crypto';
import { together } from '../clients.ts';
import type { Row } from '../row.ts';
import { MOR_SECRET, speaker } from './dialect-places.ts';
import { createPace, type Outcome } from './pace.ts';

const TRIES = 60;
const hashOf = (text: string) => createHash('sha1').update(text).digest('hex');
const BUSY = /"busy"|too many|wait/i;

export const dialectGuess: Row = {
  name: 'dialect-guess',
  flaws: [],
  no: 'guessing a hash or a password by a dialect faster than by the log-in, and no name that is told',
  alone: true,
  async attempt(box, tally) {
    await speaker(box);
    const list = (values: Readonly<Record<string, string>>, host: number) =>
      box.ask(`/billing/api/local_calls_get?${new URLSearchParams(values)}`, {
        method: 'POST',
        from: box.address(host),
      });
    const good = { u: 'admin', s_user: '0', from: '1767312000', till: '1767398400' };
    const hash = hashOf(`${good.from}${good.till}${good.s_user}${MOR_SECRET}`);
    const first = await list({ ...good, hash }, 20);
    tally.works(
      first.status === 200 && first.body.includes('<local_calls>'),
      `the list: ${first.status} ${first.body}`,
    );
    // The secret alone is what the documented example sends: it opens everything for ever, and is off.
    for (const wrong of [
      hashOf(MOR_SECRET),
      hashOf(''),
      '',
      hash.slice(1),
      hash.slice(0, 39),
      `${hash}0`,
      '0'.repeat(40),
    ]) {
      const answer = await list({ ...good, hash: wrong }, 30 + wrong.length);
      tally.tried(!answer.body.includes('<local_calls>'), `the hash ${wrong}: ${answer.body.slice(0, 120)}`);
    }
    // What isn't in the hash's order is no part of it, and another's calls take another hash.
    for (const changed of [
      { from: '1' },
      { till: '9' },
      { s_user: '5' },
      { from: `${good.from}1`, till: good.till.slice(1) },
    ]) {
      const answer = await list({ ...good, ...changed, hash }, 90);
      tally.tried(!answer.body.includes('<local_calls>'), `${JSON.stringify(changed)} by a hash of others`);
    }
    // Who is there and who isn't is told to nobody who doesn't know the secret.
    const [known, unknown] = [
      await list({ ...good, hash: '1' }, 91),
      await list({ ...good, u: 'nobody', hash: '1' }, 92),
    ];
    tally.tried(known.body === unknown.body, `${known.body} and ${unknown.body}`);

    const guesses = Array.from({ length: TRIES }, (_, index) => index);
    const byHash = async (tried: string): Promise<Outcome> => {
      const { status, body } = await list({ ...good, hash: tried }, 100);
      if (body.includes('<local_calls>')) return 'right';
      return status === 429 || BUSY.test(body) ? 'refused' : 'wrong';
    };
    const pace = createPace(() => byHash(hashOf('guess')));
    const ways: Readonly<Record<string, (index: number, host: number) => Promise<boolean>>> = {
      hash: async (index) => (await pace.made(() => byHash(hashOf(`guess ${index}`)))) === 'wrong',
      'MOR password': async (index, host) => {
        const from = box.address(host);
        const { status, body } = await box.ask(`/api/login?u=admin&p=guess${index}`, { method: 'POST', from });
        return status !== 429 && !BUSY.test(body);
      },
      'VoIPmonitor password': async (index, host) => {
        const target = `/php/api.php?task=listCdrIds&user=admin&password=guess${index}`;
        const { status, body } = await box.ask(target, { from: box.address(host) });
        return status !== 429 && !BUSY.test(body);
      },
      'VoIPmonitor log-in': async (index, host) => {
        const target = `/php/model/sql.php?module=bypass_login&user=admin&pass=guess${index}`;
        const { status, body } = await box.ask(target, { method: 'POST', from: box.address(host) });
        return status !== 429 && !BUSY.test(body);
      },
    };
    for (const [place, [what, guess]] of Object.entries(ways).entries()) {
      const start = performance.now();
      let looked = 0;
      const look = async (index: number) => {
        if (await guess(index, 100 + place)) looked++;
      };
      await together(guesses, look, 10);
      // Each further try waits twice as long: of so many within this time few are looked at, however slow the machine.
      const most = 14 + Math.log2(2 + (performance.now() - start) / 1000) * 2;
      tally.tried(looked <= most, `${looked} of ${TRIES} guesses at the ${what} were looked at`);
    }
    // Behind a guess the wait is on, however long the ones before took.
    const late = await pace.within(() => byHash(hash));
    tally.tried(late === 'refused', `the right hash among guesses, before its time, is ${late}`);
    const again = await list({ ...good, hash }, 110);
    tally.works(again.status < 500, `the owner from elsewhere: ${again.status}`);
  },
};
