/** 30022 (ours): makes a user of the AMI or changes one; whoever is logged in as it goes on with the new rights. */
import * as v from 'valibot';
import type { AmiUserSet } from '../contract.ts';
import * as fields from '../fields.ts';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { amiUserName } from './name.ts';

const list = (about: string) =>
  fields.field(`${about}; a comma list`, (text) =>
    text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  );

export const setAmiUser = verb({
  about: 'make a user of the AMI, or change what is given of one',
  right: 'users',
  parameters: v.strictObject({
    name: amiUserName,
    secret: v.optional(v.pipe(v.string(), v.description('needed for a new one'))),
    read: list('classes whose events it gets (a new one: cdr,call,agent)'),
    write: list('classes whose actions it may send, and harmless actions by name'),
    permit: list('ranges such as 192.168.1.0/24 that it may come from; none: the box itself alone'),
    extras: fields.oneOf('1', '0'),
  }),
  lines: () => 2, // with its removal, which costs none
  async handle({ name, secret, read, write, permit, extras }, { amiUsers }, asking) {
    const change = {
      name,
      ...(secret !== undefined && { secret }),
      ...(read && { read }),
      ...(write && { write }),
      ...(permit && { permit }),
      ...(extras !== undefined && { extras: extras === '1' }),
    };
    const byName = await amiUsers.set(change, by(asking), 'network');
    return json<AmiUserSet>({ result: 'success', name, by_name: byName.join(',') });
  },
});
