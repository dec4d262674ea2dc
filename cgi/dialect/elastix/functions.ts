/** Every function of the Elastix API, in the order of its document; `parkedcalls` and `channelstatus` its source has besides. */
import type { DialectFunction } from '../function.ts';

const NOT_CHANGED = 'cdrd does not change the configuration of the PBX';

export const FUNCTIONS: readonly DialectFunction[] = [
  { name: 'cmd=auth', works: 'no', note: 'it returned the password of the box: use an API key' },
  {
    name: 'cmd=sippeers',
    works: 'differs',
    numbers: [30019],
    note: 'chan_sip as Asterisk lists it; endpoints of PJSIP follow in the same shape, without what PJSIP tells of each alone (`Forcerport`, `ACL`, …); of several contacts the first',
  },
  {
    name: 'cmd=sipextensions',
    works: 'differs',
    numbers: [30044],
    note: 'what Asterisk reads of `sip.conf` and `pjsip.conf` with all that they include; passwords only for a key with the scope `extension.secrets`; endpoints in a database or in `pjsip_wizard.conf` are not seen',
  },
  {
    name: 'cmd=systemresources',
    works: 'differs',
    numbers: [30044],
    note: '`users` is a text where the box keeps no list of who is logged in',
  },
  {
    name: 'cmd=cdrreport',
    works: 'differs',
    numbers: [9006],
    note: 'records with the destination `s` are there too; `custom` (SQL) is refused, and `%` inside `field_pattern`; FAILED has CONGESTION among it; `cnum` and `cnam` are the parts of `clid` in every record; `did`, `outbound_cnum`, `outbound_cnam` and `dst_cnam` hold what the PBX writes into fields of these names and are empty otherwise; a record that begins over four hours after its call may stand out of order',
  },
  {
    name: 'cmd=getwavfile',
    works: 'yes',
    numbers: [20036],
    note: '',
  },
  {
    name: 'cmd=getharddrivers',
    works: 'differs',
    numbers: [30044],
    note: 'fields as its source nests them; sizes that cdrd may not see whole say so in words; `recording` is what the index of the recordings sums up',
  },
  {
    name: 'cmd=getiptablesstatus',
    works: 'differs',
    numbers: [30044],
    note: 'only for a key with the scope `firewall`; the names of the tables, where the kernel shows them to everybody, else an error: cdrd is no root and starts no program',
  },
  {
    name: 'cmd=activecall',
    works: 'differs',
    numbers: [30019],
    note: 'names in full; of a conference `BridgedTo` lists all others; `calls processed` is a text unless Asterisk grants cdrd `write = command`',
  },
  { name: 'cmd=parkedcalls', works: 'differs', numbers: [30019], note: 'the events alone, escaped as text in HTML' },
  { name: 'cmd=channelstatus', works: 'differs', numbers: [30019], note: 'as `parkedcalls`' },
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
