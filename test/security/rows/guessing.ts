import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PASSWORDS, until } from '../box.ts';
import { together } from '../clients.ts';
import type { Row } from '../row.ts';

const TRIES = 60;

export const guessing: Row = {
  name: 'guessing',
  flaws: [],
  no: 'guessing passwords faster than some at first and then one a minute, and nobody kept out by it',
  alone: true,
  async attempt(box, tally) {
    const from = box.address(9);
    // Pulling the plug makes nobody forget what was written down, soon after the first guess.
    const cut = box.address(20);
    let guessed = 0; // when the last one was looked at
    for (let index = 0; index < 12; index++) {
      if ((await box.logIn('admin', `guess ${index}`, { from: cut })).status !== 401) break;
      guessed = Date.now();
    }
    const written = () =>
      stat(join(box.state, 'throttle')).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
    await until('the guesses on the disk', async () => (await written()) > guessed || Date.now() > guessed + 40_000);
    await box.restart('SIGKILL');
    await box.logIn('admin', 'guess', { from: cut });
    const second = (await box.logIn('admin', 'guess', { from: cut })).status;
    tally.tried(second === 429, `after a kill the second guess is answered ${second}`);
    const looked = async (tries: number, at: (index: number) => { user: string; from: string; together: number }) => {
      let count = 0;
      await together(
        Array.from({ length: tries }, (_, index) => index),
        async (index) => {
          const { user, from } = at(index);
          const { status } = await box.logIn(user, `guess ${index}`, { from });
          if (status === 401) count++;
          tally.tried([401, 429].includes(status), `a guess is answered ${status}`);
        },
        at(0).together,
      );
      return count;
    };
    // Each further try waits twice as long: of so many within this time few are looked at, however slow the machine.
    const few = (what: string, count: number, start: number, free = 14) => {
      const most = free + Math.log2(2 + (performance.now() - start) / 1000) * 2;
      tally.tried(count <= most, `${count} of ${TRIES} guesses ${what} were looked at`);
    };
    const start = performance.now();
    few('twenty at a time', await looked(TRIES, () => ({ user: 'admin', from: box.address(10), together: 20 })), start);
    few('one after another', await looked(TRIES, () => ({ user: 'admin', from, together: 1 })), start);
    const begun = performance.now();
    const spread = await looked(TRIES, (index) => ({ user: `user${index}`, from: box.address(11), together: 5 }));
    few('at as many accounts', spread, begun, TRIES / 2);
    // Behind a guess the wait is on, however long the ones before took.
    const armed = async (ask: Parameters<typeof box.logIn>[2], user: 'admin' | 'monitor', password: string) => {
      await box.logIn('admin', 'guess', { from });
      return (await box.logIn(user, password, { from, ...ask })).status;
    };
    const late = await armed({}, 'admin', PASSWORDS.admin);
    tally.tried(late === 429, `the right password among guesses, before its time, is answered ${late}`);
    // What a browser that has been here before is known by can't be made up, and is one account's alone.
    const known = await box.logIn('monitor', PASSWORDS.monitor, { from: box.address(14) });
    const device = /cdrd_device=([^;]+)/.exec(known.bytes)?.[1] ?? '';
    tally.works(device !== '', 'a browser that is known again');
    for (const cookie of [`${device.slice(0, -1)}x`, device, `${'A'.repeat(22)}.${'A'.repeat(43)}`, '', '__proto__']) {
      const headers = { Cookie: `cdrd_device=${cookie}; __Host-cdrd_device=${cookie}` };
      const status = await armed({ headers }, 'admin', 'guess');
      tally.tried(status === 429, `a guess at the admin’s account with the device ${cookie.slice(0, 8)}…: ${status}`);
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
    const again = await armed({}, 'admin', 'guess');
    tally.tried(again === 429, `after a restart the second guess is answered ${again}`);
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
