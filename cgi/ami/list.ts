/** 30021 (ours): who may log in to the AMI that we offer, without the secrets, and who is. */
import * as v from 'valibot';
import type { AmiUserList } from '../contract.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';

export const listAmiUsers = verb({
  about: 'the users of the AMI, and who is logged in',
  right: 'users',
  parameters: v.strictObject({}),
  handle: (_parameters, { amiUsers, zone }) =>
    json<AmiUserList>({
      json_array_ami_users: amiUsers.list().map(({ name, read, write, permit, extras }) => ({
        name,
        read: read.join(','),
        write: write.join(','),
        permit: permit.join(','),
        extras: extras ? 1 : 0,
      })),
      json_array_ami_clients: amiUsers.clients().map(({ user, address, since }) => ({
        user,
        address,
        since: zone.text(Math.floor(since / 1000)),
      })),
    }),
});
