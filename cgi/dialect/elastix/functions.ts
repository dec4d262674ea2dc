/** Every function of the Elastix API, in the order of its document; `cmd=parkedcalls` and `channelstatus` its source has besides. */
import type { DialectFunction } from '../function.ts';

const NOT_CHANGED = 'cdrd does not change the configuration of the PBX';

export const FUNCTIONS: readonly DialectFunction[] = [
  { name: 'cmd=auth', works: 'no', note: 'it returned the password of the box: use an API key' },
  { name: 'cmd=sippeers', works: 'no', note: 'not here yet' },
  { name: 'cmd=sipextensions', works: 'no', note: 'not here yet' },
  { name: 'cmd=systemresources', works: 'no', note: 'not here yet' },
  {
    name: 'cmd=cdrreport',
    works: 'differs',
    note: 'records with the destination `s` are there too; `custom` (SQL) is refused, and `%` inside `field_pattern`; FAILED has CONGESTION among it; `did`, `outbound_cnum`, `outbound_cnam` and `dst_cnam` hold what the PBX writes into fields of these names and are empty otherwise; a record that begins over four hours after its call may stand out of order',
  },
  {
    name: 'cmd=getwavfile',
    works: 'yes',
    note: '',
  },
  { name: 'cmd=getharddrivers', works: 'no', note: 'not here yet' },
  { name: 'cmd=getiptablesstatus', works: 'no', note: 'not here yet' },
  { name: 'cmd=activecall', works: 'no', note: 'not here yet' },
  { name: 'cmd=parkedcalls', works: 'no', note: 'not here yet' },
  { name: 'cmd=channelstatus', works: 'no', note: 'not here yet' },
  { name: 'cmd=addextension', works: 'no', note: NOT_CHANGED },
  { name: 'cmd=updateextension', works: 'no', note: NOT_CHANGED },
  { name: 'cmd=deleteextension', works: 'no', note: NOT_CHANGED },
  { name: 'cmd=addfollowmeextension', works: 'no', note: NOT_CHANGED },
  { name: 'cmd=updatefollowmeextension', works: 'no', note: NOT_CHANGED },
  { name: 'cmd=deletefollowmeextension', works: 'no', note: NOT_CHANGED },
  {
    name: 'cmd=getfollowmeextension',
    works: 'no',
    note: 'follow-me lists lie in the database of FreePBX, which cdrd does not read',
  },
  { name: 'cmd=getallfollowmeextensions', works: 'no', note: 'as `getfollowmeextension`' },
];
