/** 30037 (ours): what a page asks first: who is logged in, and on which box. */
import * as v from 'valibot';
import type { Me } from '../contract.ts';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';

export const whoAmI = verb({
  about: 'who asks, and the box: its name, version and clock',
  right: 'session.own',
  parameters: v.strictObject({}),
  async handle(_parameters, { accounts, sessions, box, zone }, asking) {
    const { who } = by(asking);
    const isKey = asking.token === null || sessions.look(asking.token) === null;
    const account = isKey ? null : await accounts.find(who);
    const now = Date.now();
    return json<Me>({
      user: who,
      role: asking.caller?.role ?? 'monitor',
      by: isKey ? 'key' : 'session',
      address: asking.address,
      initial: account?.isInitial === true,
      totp: account?.hasFactor === true,
      host: box.host,
      version: box.version,
      zone: box.zone,
      now,
      clock: zone.text(Math.floor(now / 1000)),
      clock_trusted: box.clockDoubt() === '',
    });
  },
});
