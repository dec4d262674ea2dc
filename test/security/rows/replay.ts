import { AMI_SECRET } from '../box.ts';
import { md5 } from '../clients.ts';
import type { Row } from '../row.ts';

export const replay: Row = {
  name: 'replay',
  flaws: [],
  no: 'log-in by what was overheard of an earlier one',
  async attempt(box, tally) {
    const challenged = async () => {
      const client = await box.amiClient();
      const challenge = (await client.ask('Challenge', { AuthType: 'MD5' })).get('Challenge');
      return { client, challenge };
    };
    const logIn = (client: Awaited<ReturnType<typeof challenged>>['client'], key: string) =>
      client.ask('Login', { AuthType: 'MD5', Username: 'watcher', Key: key });
    const first = await challenged();
    const overheard = md5(first.challenge + AMI_SECRET);
    tally.works((await logIn(first.client, overheard)).get('Response') === 'Success', 'a log-in by challenge');
    const seen = new Set([first.challenge]);
    for (let count = 0; count < 20; count++) {
      const next = await challenged();
      tally.tried(
        !seen.has(next.challenge) && /^\d{9,10}$/.test(next.challenge),
        `the challenge ${next.challenge} was given before`,
      );
      seen.add(next.challenge);
      if (count % 10 === 0) {
        const answer = await logIn(next.client, overheard);
        tally.tried(answer.get('Response') !== 'Success', 'a key that was overheard logs in');
      }
      next.client.end();
    }
    // Without a challenge, with the old number sent along, and with the digest for a secret.
    for (const headers of [{}, { Challenge: first.challenge }, { AuthType: 'MD5', Challenge: first.challenge }]) {
      const client = await box.amiClient();
      const answer = await client.ask('Login', { Username: 'watcher', Key: overheard, ...headers });
      tally.tried(answer.get('Response') !== 'Success', `an old key with ${JSON.stringify(headers)} logs in`);
      client.end();
    }
    const client = await box.amiClient();
    const answer = await client.ask('Login', { Username: 'watcher', Secret: overheard });
    tally.tried(answer.get('Response') !== 'Success', 'the key in the secret’s place logs in');
    client.end();
    first.client.end();
  },
};
