/** Who calls whom on the simulated box: its phones and lines, as channels see them, and distinct ones drawn by chance. */
import type { Technology } from './channel.ts';
import type { Party } from './pbx.ts';
import type { Random } from './random.ts';

/** The box's phones. 209 and 210 have no caller ID of their own, as on the Asterisk that was recorded. */
export const EXTENSIONS = ['202', '203', '204', '205', '206', '207', '208', '209', '210'] as const;
const WITHOUT_CALLER_ID = new Set(['209', '210']);
/** Under load: the phones of the guide's figure 5 (100–616). */
export const MANY_EXTENSIONS: readonly string[] = Array.from({ length: 517 }, (_, index) => String(100 + index));
/** SIP trunks. */
export const TRUNKS = ['96', '42'] as const;

/** Every trunk by the name that the guide gives it. `outbound`: the dial string for a number. */
interface Line {
  readonly technology: Technology;
  readonly peer: string;
  readonly outbound: (number: string) => string;
}
const sip = (name: string, technology: Technology): Line => ({
  technology,
  peer: name,
  outbound: (number) => `${number}@${name}`,
});
const line = (technology: Technology, peer: string): Line => ({
  technology,
  peer,
  outbound: (number) => `${peer}/${number}`,
});
const LINES: Readonly<Record<string, Line>> = {
  'gw-7': sip('gw-7', 'PJSIP'),
  '87': line('IAX2', '87'),
  pstn2: line('DAHDI', '2'),
  GSM3: line('GSM', '3'),
};
/** The line of a trunk; a name that is not known is a SIP trunk. */
export const lineOf = (trunk: string): Line => LINES[trunk] ?? sip(trunk, 'SIP');

/** The trunk as a party: it calls in with `number`, and has none of its own when it is called. */
export function trunkParty(trunk: string, number = ''): Party {
  const { technology, peer } = lineOf(trunk);
  return { technology, peer, context: `from-trunk-${trunk}`, number, name: '' };
}

/** A phone of the box, when it is called. */
export function phone(number: string, technology: Technology = 'SIP'): Party {
  const shown = WITHOUT_CALLER_ID.has(number) ? '' : number;
  return { technology, peer: number, context: `from-ext-${number}`, number: shown, name: shown };
}

/** The phone that places a call: chan_sip takes the number from the INVITE, so a caller always has one. */
export const callingPhone = (number: string, name = number, technology: Technology = 'SIP'): Party => ({
  ...phone(number, technology),
  number,
  name,
});

/** Draws phones that are not in a call and not drawn yet; of any when none is left. */
export function drawPhones(random: Random, free: readonly string[], taken: readonly string[] = []): () => string {
  const used = new Set(taken);
  return () => {
    const left = free.filter((number) => !used.has(number));
    const others = EXTENSIONS.filter((number) => !used.has(number));
    const drawn = random.pick(left.length > 0 ? left : others.length > 0 ? others : EXTENSIONS);
    used.add(drawn);
    return drawn;
  };
}
