import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PASSWORDS, until } from '../box.ts';
import { type Ask, together } from '../clients.ts';
import type { Row } from '../row.ts';
import { createPace, type Outcome } from './pace.ts';

const TRIES = 60;

export const guessing: Row = {
  name: 'guessing',
  flaws: [],
  no: 'guessing passwords faster than some at first and then one a minute, and nobody kept out by it',
  alone: true,
  async attempt(box, tally) {
    const logIn = async (user: string, password: string, ask: Ask): Promise<Outcome> => {
      const { status } = await box.logIn(user, password, ask);
      tally.tried([200, 401, 429].includes(status), `a log-in is answered ${status}`);
      return status === 200 ? 'right' : status === 401 ? 'wrong' : 'refused';
    };
    const paceFrom = (address: string) => createPace(() => logIn('admin', 'guess', { from: address }));
    // Pulling the plug makes nobody forget what was written down, soon after the first guess.
    const cut = paceFrom(box.address(20));
    const guessFromCut = () => logIn('admin', 'guess', { from: box.address(20) });
    for (let index = 0; index < 12; index++) if ((await cut.made(guessFromCut)) === 'refused') break;
    const guessed = Date.now();
    const isWritten = async () => (await writtenOf(box.state)) >= cut.wrong || Date.now() > guessed + 40_000;
    await until('the guesses on the disk', isWritten);
    await box.restart('SIGKILL');
    const second = await cut.within(guessFromCut);
    tally.tried(second === 'refused', `after a kill the second guess is ${second}`);
    const looked = async (tries: number, most: number, guess: (index: number) => Promise<Outcome>) => {
      let count = 0;
      const look = async (index: number) => {
        const outcome = await guess(index);
        tally.tried(outcome !== 'right', `guess ${index} is right`);
        if (outcome === 'wrong') count++;
      };
      await together(
        Array.from({ length: tries }, (_, index) => index),
        look,
        most,
      );
      return count;
    };
    // Each further try waits twice as long: of so many within this time few are looked at, however slow the machine.
    const few = (what: string, count: number, start: number, free = 14) => {
      const most = free + Math.log2(2 + (performance.now() - start) / 1000) * 2;
      tally.tried(count <= most, `${count} of ${TRIES} guesses ${what} were looked at`);
    };
    const [from, other, third] = [box.address(9), box.address(10), box.address(11)];
    const owner = paceFrom(from);
    const start = performance.now();
    const atOnce = await looked(TRIES, 20, (index) => logIn('admin', `guess ${index}`, { from: other }));
    few('twenty at a time', atOnce, start);
    const inRow = await looked(TRIES, 1, (index) => owner.made(() => logIn('admin', `guess ${index}`, { from })));
    few('one after another', inRow, start);
    const begun = performance.now();
    const spread = await looked(TRIES, 5, (index) => logIn(`user${index}`, `guess ${index}`, { from: third }));
    few('at as many accounts', spread, begun, TRIES / 2);
    // Behind a guess the wait is on, however long the ones before took.
    const late = await owner.within(() => logIn('admin', PASSWORDS.admin, { from }));
    tally.tried(late === 'refused', `the right password among guesses, before its time, is ${late}`);
    // What a browser that has been here before is known by can't be made up, and is one account's alone.
    const known = await box.logIn('monitor', PASSWORDS.monitor, { from: box.address(14) });
    const device = /cdrd_device=([^;]+)/.exec(known.bytes)?.[1] ?? '';
    tally.works(device !== '', 'a browser that is known again');
    for (const cookie of [`${device.slice(0, -1)}x`, device, `${'A'.repeat(22)}.${'A'.repeat(43)}`, '', '__proto__']) {
      const headers = { Cookie: `cdrd_device=${cookie}; __Host-cdrd_device=${cookie}` };
      const outcome = await owner.within(() => logIn('admin', 'guess', { from, headers }));
      tally.tried(
        outcome === 'refused',
        `a guess at the admin’s account with the device ${cookie.slice(0, 8)}…: ${outcome}`,
      );
    }
    // The owner comes from another address, at once.
    let right = 0;
    for (let tries = 0; tries < 40 && right !== 200; tries++) {
      right = (await box.logIn('admin', PASSWORDS.admin, { from: box.address(12) })).status;
      if (right === 429) await new Promise((resolve) => setTimeout(resolve, 250));
    }
    tally.tried(right === 200, `the owner is kept out: ${right}`);
    // Stopping and starting makes nobody forget.
    await box.restart();
    const again = await owner.within(() => logIn('admin', 'guess', { from }));
    tally.tried(again === 'refused', `after a restart the second guess is ${again}`);
    // The AMI answers a wrong secret late and once a connection, whoever pipelines.
    const client = await box.amiClient(box.address(13));
    const begin = performance.now();
    for (let index = 0; index < 20; index++)
      client.send(`Action: Login\r\nUsername: watcher\r\nSecret: guess ${index}\r\n\r\n`);
    const answered = () => client.text.split('Authentication failed').length - 1;
    await client.until('an answer', () => client.closed || answered() > 1);
    const answers = answered();
    tally.tried(answers === 1 && performance.now() - begin > 500, `${answers} guesses by one AMI connection`);
  },
};

/** How many wrong guesses of one account the file has that a kill leaves. */
async function writtenOf(state: string): Promise<number> {
  const text = await readFile(join(state, 'throttle'), 'utf8').catch(() => '{"entries":[]}');
  const { entries } = JSON.parse(text) as { entries: readonly { kind: string; failures: number }[] };
  return Math.max(0, ...entries.filter(({ kind }) => kind === 'pair').map(({ failures }) => failures));
}
