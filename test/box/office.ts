/**
 * The office whose calls a box carries: two extensions with phones played by sipp, in the words of an administrator who
 * adds them to Debian's stock files. What the PBX needs for cdrd is not in here: `cdrd setup` does that, and prints the
 * lines of the dialplan, which {@link hook} writes as a technician would.
 */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makePhones, type Phone } from '../asterisk/phones.ts';
import type { Box, Root } from './box.ts';

/** Ports of the box's own network, which nobody else is in. */
const PORTS = { pbx: 5060, caller: 5201, answering: 5202, busy: 5209 } as const;
const EXTENSIONS = { '201': PORTS.caller, '202': PORTS.answering, '209': PORTS.busy } as const;

const DIALPLAN = `
[office]
exten => _2XX,1,Dial(@TECH@/\${EXTEN},20,tT)
 same => n,Hangup()
`;

const PJSIP_TRANSPORT = `
[office]
type = transport
protocol = udp
bind = 127.0.0.1:${PORTS.pbx}
`;

/** chan_pjsip is what 22 has; 16 on bullseye has chan_sip as its stock configuration's driver. */
export const TECH: Readonly<Record<Root, 'PJSIP' | 'SIP'>> = { sid: 'PJSIP', bullseye: 'SIP' };

/** Adds the office to the stock configuration, and has Asterisk read it. */
export async function moveIn(box: Box, root: Root): Promise<void> {
  const tech = TECH[root];
  const numbers = Object.entries(EXTENSIONS);
  const phones =
    tech === 'PJSIP'
      ? PJSIP_TRANSPORT + numbers.map(([number, port]) => pjsip(number, port)).join('')
      : numbers.map(([number, port]) => sip(number, port)).join('');
  await appendFile(box.path(`/etc/asterisk/${tech.toLowerCase()}.conf`), phones);
  await appendFile(box.path('/etc/asterisk/extensions.conf'), DIALPLAN.replaceAll('@TECH@', tech));
  await box.sh('systemctl restart asterisk && asterisk -rx "core waitfullybooted"');
}

const PLAIN = (tech: string) => `exten => _2XX,1,Dial(${tech}/\${EXTEN},20,tT)`;
const HOOKED = (tech: string) =>
  `exten => _2XX,1,Gosub(cdrd-internal,s,1)\n same => n,Dial(${tech}/\${EXTEN},20,tTU(cdrd-answer))`;

/** Calls the subroutines of cdrd where the office's calls are routed, as its snippet says. */
export const hook = (box: Box, root: Root): Promise<void> => rewrite(box, PLAIN(TECH[root]), HOOKED(TECH[root]));

/** Takes them out again. */
export const unhook = (box: Box, root: Root): Promise<void> => rewrite(box, HOOKED(TECH[root]), PLAIN(TECH[root]));

async function rewrite(box: Box, from: string, to: string): Promise<void> {
  const file = box.path('/etc/asterisk/extensions.conf');
  const text = await readFile(file, 'utf8');
  if (!text.includes(from)) throw new Error(`the dialplan has no line ${from}`);
  await writeFile(
    file,
    text.replace(from, () => to),
  );
  await box.sh('asterisk -rx "dialplan reload"');
}

export interface Office {
  /** 201 calls; resolves when the call is over, rejects when it went otherwise than `expect` says. */
  call(to: '202' | '209', seconds?: number): Promise<void>;
  /** The phones are taken away. */
  leave(): Promise<void>;
}

/** Plugs the phones in: 202 answers, 209 is busy. */
export async function staff(box: Box): Promise<Office> {
  const phones = await makePhones(join(box.run, 'phones'), box.network());
  const serving: Phone[] = [await phones.answering('202', PORTS.answering), await phones.busy('209', PORTS.busy)];
  return {
    call: async (to, seconds = 2) => {
      await phones.call({
        ...{ from: '201', name: 'Reception', to, localPort: PORTS.caller, pbxPort: PORTS.pbx, seconds },
        expect: to === '202' ? 200 : 'refused',
      });
    },
    leave: async () => {
      for (const phone of serving) await phone.stop();
    },
  };
}

const pjsip = (number: string, port: number): string => `
[${number}]
type = endpoint
context = office
disallow = all
allow = ulaw
aors = ${number}
direct_media = no
[${number}]
type = aor
contact = sip:${number}@127.0.0.1:${port}
`;

const sip = (number: string, port: number): string => `
[${number}]
type = friend
host = 127.0.0.1
port = ${port}
insecure = port,invite
context = office
disallow = all
allow = ulaw
directmedia = no
`;
