/**
 * The kinds of call that the simulated PBX can place, one entry each. An entry draws a plan from chance; dial.ts plays it.
 * A kind is added by adding an entry (and a step in plan.ts and a play-*.ts only where Asterisk does something new).
 * Held against captures of a real Asterisk 16.28 in simulator.test.ts: all but queue (several members at once), queueAbandoned,
 * callback, twoCalls, pjsip, iax, pstn and gsm, whose records follow from the same rules (cdr-engine.ts) without such proof.
 */
import type { CallType } from '../../storage/model/leg.ts';
import type { Technology } from './channel.ts';
import type { Party } from './pbx.ts';
import { callingPhone, drawPhones, lineOf, phone, TRUNKS, trunkParty } from './people.ts';
import type { CallPlan, DialStep, Happening, Outcome, Step, Talk, Target } from './plan.ts';
import type { Random } from './random.ts';

export { EXTENSIONS, TRUNKS } from './people.ts';
export type { CallPlan, Outcome } from './plan.ts';

/** Outside numbers as dialled on the trunk; the caller dials a 9 first. */
const OUTSIDE = ['513', '506', '4930901820', '+493012345678', '0044207946018'] as const;
/** Dialled by mistake: no phone has this number. */
const NOBODY = '888';

/** What a test may fix; the rest is drawn. Seconds; numbers as dialled. */
export interface CallOverrides {
  readonly source?: string;
  readonly callerName?: string;
  /** As the caller dials it: `204`, or `9513` for 513 outside; of a queue or an IVR, the phone that is reached in the end. */
  readonly destination?: string;
  /** A SIP trunk's name, or `gw-7` (PJSIP), `87` (IAX2), `pstn2` (DAHDI), `GSM3`. */
  readonly trunk?: string;
  readonly ring?: number;
  readonly talk?: number;
  readonly calleeLeavesFirst?: boolean;
}

export interface Draw {
  readonly random: Random;
  /** Phones that are not in a call, at least one while the box is not fully busy. */
  readonly free: readonly string[];
  readonly overrides: CallOverrides;
  /** How much faster than life: rings and talks are shortened by it. Default 1. */
  readonly pace?: number;
}

/** Seconds with milliseconds, from `low` to `high`. */
const seconds = ({ random, pace = 1 }: Draw, low: number, high: number): number =>
  Math.round(random.whole(low * 1000, high * 1000) / pace) / 1000;
const ringTime = (draw: Draw): number => draw.overrides.ring ?? seconds(draw, 1, 4);
const talkTime = (draw: Draw): number => draw.overrides.talk ?? seconds(draw, 2, 20);

/** The steps of the dialplan that etc/asterisk's subroutines make, by the names of the rig's dialplan. */
const run = (application: string, data: string, wait = 0): Step => ({ do: 'run', application, data, seconds: wait });
const goto = (context: string, exten: string): Step => ({ do: 'goto', context, exten });
const ANSWER: Step = { do: 'answer' };
const GOSUB_INTERNAL: Step = { do: 'gosub', entry: 'cdrd-internal,s,1' };
const gosubOutbound = (trunk: string, destination: string): Step => ({
  do: 'gosub',
  entry: `cdrd-outbound,s,1(${trunk})`,
  marks: { destination },
});
/** An inbound route: prefix in the caller's name and in the record. */
function inboundRoute(trunk: string, number: string): readonly Step[] {
  const cidname = `FROM${trunk}`;
  return [
    { do: 'gosub', entry: `cdrd-inbound,s,1(${trunk},${cidname}-)`, notes: { cidname, calltype: 'Inbound' } },
    { do: 'callerName', name: `${cidname}-${number}` },
  ];
}
/** The first IVR, queue or ring group that is reached is noted. */
const gosubDialled = (what: string, dialled: string, ivr = ''): Step => ({
  do: 'gosub',
  entry: `cdrd-${what},s,1(${dialled}${ivr === '' ? '' : `,${ivr}-`})`,
  notes: ivr === '' ? { dialled } : { dialled, ivr },
  marks: { dialled },
});
const IVR = '620';
const QUEUE = '820';
const RING_GROUP = '920';
const ROOM = '740';
const LOT = '700';
const SPACE = '701';
/** The IVR answers, is listened to for a while, and sends the caller to a phone. */
const ivr = (draw: Draw, exten: string): readonly Step[] => [
  ANSWER,
  gosubDialled('ivr', IVR, `IVR${IVR}`),
  run('Wait', '1', seconds(draw, 1, 1)),
  goto('extensions', exten),
];

const talk = (draw: Draw, then?: Happening): Talk => ({
  seconds: talkTime(draw),
  calleeLeavesFirst: draw.overrides.calleeLeavesFirst ?? false,
  ...(then === undefined ? {} : { then }),
});
/** A phone as Dial's target. */
const target = (number: string, outcome: Outcome, ring: number, technology: Technology = 'SIP'): Target => ({
  party: phone(number, technology),
  dialString: number,
  outcome,
  ring,
});
const trunkTarget = (trunk: string, number: string, ring: number): Target => ({
  party: trunkParty(trunk),
  dialString: lineOf(trunk).outbound(number),
  outcome: 'answered',
  ring,
});
const dial = (targets: readonly Target[], talking: Talk, more: Partial<DialStep> = {}): DialStep => ({
  do: 'dial',
  targets,
  talk: talking,
  ...more,
});
const toPhone = (draw: Draw, number: string): readonly Step[] => [
  GOSUB_INTERNAL,
  dial([target(number, 'answered', ringTime(draw))], talk(draw)),
];

interface Begun {
  readonly callType: CallType;
  readonly caller: Party;
  readonly trunk: string;
  /** The steps before those of the kind. */
  readonly route: readonly Step[];
}
/** A call that a phone of the box begins. */
const fromPhone = (draw: Draw, source: string, technology: Technology = 'SIP'): Begun => ({
  callType: 'Internal',
  caller: callingPhone(source, draw.overrides.callerName, technology),
  trunk: '',
  route: [],
});
/** A call that comes in by a trunk. */
function fromTrunk(draw: Draw, trunk = draw.overrides.trunk ?? draw.random.pick(TRUNKS)): Begun {
  const number = draw.overrides.source ?? draw.random.pick(OUTSIDE);
  return { callType: 'Inbound', caller: trunkParty(trunk, number), trunk, route: inboundRoute(trunk, number) };
}
const plan = (
  begun: Begun,
  dialled: string,
  callee: Party,
  steps: readonly Step[],
  others: readonly Party[] = [],
): CallPlan => ({
  callType: begun.callType,
  caller: begun.caller,
  trunk: begun.trunk,
  dialled,
  callee,
  steps: [...begun.route, ...steps],
  others,
});

/** The phones of a call, drawn one by one; the first two may be fixed. */
function people(draw: Draw): { source: string; destination: string; next: () => string } {
  const { source, destination } = draw.overrides;
  const fixed = [source, destination].filter((number) => number !== undefined);
  const next = drawPhones(draw.random, draw.free, fixed);
  return { source: source ?? next(), destination: destination ?? next(), next };
}
/** The phone that is reached by a call from outside, and further ones. */
function inside(draw: Draw): { destination: string; next: () => string } {
  const next = drawPhones(
    draw.random,
    draw.free,
    draw.overrides.destination === undefined ? [] : [draw.overrides.destination],
  );
  return { destination: draw.overrides.destination ?? next(), next };
}

/** A call between two phones of the box. */
function internal(
  draw: Draw,
  outcome: Outcome,
  ring: number,
  dialled?: string,
  more: Partial<DialStep> = {},
): CallPlan {
  const { source, destination: other } = people(draw);
  const destination = draw.overrides.destination ?? dialled ?? other;
  const called = target(destination, outcome, draw.overrides.ring ?? ring);
  const made = plan(fromPhone(draw, source), destination, called.party, [
    GOSUB_INTERNAL,
    dial([called], talk(draw), more),
  ]);
  return outcome === 'failed' ? { ...made, recordsFirst: true } : made;
}

/** A call to the world: the caller dials 9 and a number, the trunk gets the number without the 9. */
function outbound(draw: Draw, trunk = draw.overrides.trunk ?? draw.random.pick(TRUNKS)): CallPlan {
  const { random, overrides } = draw;
  const { source } = people({ ...draw, overrides: { ...overrides, destination: '' } });
  const dialled = overrides.destination ?? `9${random.pick(OUTSIDE)}`;
  const called = trunkTarget(trunk, dialled.replace(/^9/, ''), ringTime(draw));
  const talking = { ...talk(draw), calleeLeavesFirst: overrides.calleeLeavesFirst ?? true };
  const begun: Begun = { ...fromPhone(draw, source), callType: 'Outbound', trunk };
  return plan(begun, dialled, called.party, [gosubOutbound(trunk, dialled), dial([called], talking)]);
}

/** A call by a trunk straight to a phone. */
function inbound(draw: Draw, trunk?: string): CallPlan {
  const { destination } = inside(draw);
  const begun = fromTrunk(draw, trunk);
  return plan(begun, destination, phone(destination), [goto('inside', destination), ...toPhone(draw, destination)]);
}

/** An answered internal call in which something happens. */
function eventful(
  draw: Draw,
  then: Happening,
  source: string,
  destination: string,
  others: readonly Party[],
): CallPlan {
  const called = target(destination, 'answered', ringTime(draw));
  return plan(
    fromPhone(draw, source),
    destination,
    called.party,
    [GOSUB_INTERNAL, dial([called], talk(draw, then))],
    others,
  );
}

/** A phone behind a Local channel. */
function throughLocal(draw: Draw, number: string, stays: boolean): Target {
  const behind = target(number, 'answered', ringTime(draw));
  const steps = [GOSUB_INTERNAL, dial([behind], talk(draw))];
  return { ...behind, through: { exten: number, context: 'extensions', stays, steps } };
}

/** Queue 820 as its members take it, round by round. */
function queue(draw: Draw, destination: string, rounds: readonly (readonly Target[])[], abandoned = false): CallPlan {
  const step: Step = {
    do: 'queue',
    queue: 'support',
    rounds,
    retry: seconds(draw, 1, 1),
    ...(abandoned ? { abandonedAfter: seconds(draw, 1, 3) } : {}),
    talk: { ...talk(draw), calleeLeavesFirst: draw.overrides.calleeLeavesFirst ?? true },
  };
  const others = rounds.flat().map(({ party }) => party);
  const steps = [goto('inside', QUEUE), gosubDialled('queue', QUEUE), ANSWER, step];
  return plan(fromTrunk(draw), QUEUE, phone(destination), steps, others);
}

/** In the first round nobody answers; in the second one rings on, one is busy, and one answers. */
function queueAtOnce(draw: Draw): CallPlan {
  const { destination, next } = inside(draw);
  const [waits, rejects] = [next(), next()];
  const ring = ringTime(draw);
  return queue(draw, destination, [
    [target(waits, 'noanswer', seconds(draw, 2, 2))],
    [target(waits, 'noanswer', ring + 5), target(rejects, 'busy', 0), target(destination, 'answered', ring)],
  ]);
}

/** One member after another rings, and the second answers (strategy linear). */
function queueInTurn(draw: Draw): CallPlan {
  const { destination, next } = inside(draw);
  const first = target(next(), 'noanswer', seconds(draw, 2, 2));
  return queue(draw, destination, [[first], [target(destination, 'answered', ringTime(draw))]]);
}

/** Nobody answers: the queue's time runs out, or the caller has had enough. */
function queueUnanswered(draw: Draw, abandoned: boolean): CallPlan {
  const { destination } = inside(draw);
  const only = target(destination, 'noanswer', seconds(draw, 2, 4));
  return queue(draw, destination, [[only], [only]], abandoned);
}

/** Ring group 920: several ring, one answers. */
function ringGroup(draw: Draw): CallPlan {
  const { source, destination, next } = people(draw);
  const ring = ringTime(draw);
  const silent = target(next(), 'noanswer', ring + 5);
  const targets = [silent, target(destination, 'answered', ring)];
  const steps = [gosubDialled('ringgroup', RING_GROUP), dial(targets, talk(draw), { timeout: 20 })];
  return plan(fromPhone(draw, source), RING_GROUP, phone(destination), steps, [silent.party]);
}

/** Somebody outside is called back, and finds his way by the IVR. */
function callback(draw: Draw): CallPlan {
  const { destination } = inside(draw);
  const trunk = draw.overrides.trunk ?? '42';
  const number = draw.overrides.source ?? draw.random.pick(OUTSIDE);
  const mark: Step = { do: 'gosub', entry: `cdrd-callback,s,1(${trunk})`, notes: { calltype: 'CallBack' } };
  const begun: Begun = { callType: 'CallBack', caller: trunkParty(trunk, number), trunk, route: [mark] };
  const steps = [goto('inside', IVR), ...ivr(draw, destination), ...toPhone(draw, destination)];
  return plan(begun, `7${IVR}`, phone(destination), steps);
}

/** The phone called sends the call to another one. */
function forwarded(draw: Draw): CallPlan {
  const { source, destination, next } = people(draw);
  const other = next();
  const away = { ...target(destination, 'noanswer', 0), forwardsTo: throughLocal(draw, other, false) };
  const steps = [GOSUB_INTERNAL, dial([away], talk(draw), { timeout: 30 })];
  return plan(fromPhone(draw, source), destination, phone(other), steps, [phone(destination)]);
}

/** A call over a Local channel, as FreePBX-like dialplans make them. */
function local(draw: Draw, stays: boolean): CallPlan {
  const { source, destination } = people(draw);
  const steps = [GOSUB_INTERNAL, dial([throughLocal(draw, destination, stays)], talk(draw))];
  return plan(fromPhone(draw, source), destination, phone(destination), steps);
}

/** A third phone takes the call while the one called rings. */
function pickup(draw: Draw): CallPlan {
  const { source, destination, next } = people(draw);
  const by = callingPhone(next());
  const called: Target = {
    ...target(destination, 'answered', ringTime(draw)),
    pickedUpBy: { party: by, dialled: `*8${destination}` },
  };
  return plan(
    fromPhone(draw, source),
    destination,
    phone(destination),
    [GOSUB_INTERNAL, dial([called], talk(draw))],
    [by],
  );
}

function attendedTransfer(draw: Draw): CallPlan {
  const { source, destination, next } = people(draw);
  const third = next();
  const then: Happening = {
    what: 'attendedTransfer',
    by: callingPhone(destination),
    exten: third,
    entry: 'cdrd-internal,s,1',
    target: target(third, 'answered', ringTime(draw)),
    consult: seconds(draw, 1, 4),
    talk: talkTime(draw),
  };
  return eventful(draw, then, source, destination, [phone(third)]);
}

function blindTransfer(draw: Draw, by: 'caller' | 'callee'): CallPlan {
  const { source, destination, next } = people(draw);
  const third = next();
  const then: Happening = {
    what: 'blindTransfer',
    by,
    context: `from-ext-${destination}`,
    exten: third,
    steps: toPhone(draw, third),
  };
  return eventful(draw, then, source, destination, [phone(third)]);
}

/** Parked by the one who was called, and fetched by a third. */
function park(draw: Draw): CallPlan {
  const { source, destination, next } = people(draw);
  const by = callingPhone(next());
  const then: Happening = {
    what: 'park',
    lot: LOT,
    space: SPACE,
    waits: seconds(draw, 2, 6),
    by,
    talk: talkTime(draw),
  };
  return eventful(draw, then, source, destination, [by]);
}

/** Three phones and one from outside meet in room 740. */
function conference(draw: Draw): CallPlan {
  const { source, next } = people({ ...draw, overrides: { ...draw.overrides, destination: ROOM } });
  const mark: Step = {
    do: 'gosub',
    entry: `cdrd-conference,s,1(${ROOM})`,
    notes: { calltype: 'Conference' },
  };
  const guest = fromTrunk({ ...draw, overrides: {} }, '42');
  const parties: readonly Begun[] = [fromPhone(draw, next()), fromPhone(draw, next()), guest];
  const between = seconds(draw, 1, 2);
  // All four are there for a while.
  const stay = Math.max(talkTime(draw), between * 3.5);
  // They leave in the order in which they came.
  const others = parties.map(({ caller, trunk, route }, index) => ({
    party: caller,
    after: between * (index + 1),
    stays: stay,
    marks: { callType: 'Conference' as const, trunk, destination: ROOM, dialled: '' },
    steps: [...route, ...(trunk === '' ? [] : [goto('inside', ROOM)]), ANSWER, mark],
  }));
  const step: Step = { do: 'conference', room: ROOM, others, stays: stay };
  const begun: Begun = { ...fromPhone(draw, source), callType: 'Conference' };
  const [first] = others;
  return plan(
    begun,
    ROOM,
    first?.party ?? begun.caller,
    [ANSWER, mark, step],
    others.map(({ party }) => party),
  );
}

/** While he speaks, the caller makes a second call from the same phone. */
function twoCalls(draw: Draw): CallPlan {
  const { source, destination, next } = people(draw);
  const third = next();
  const second = internal({ ...draw, overrides: { source, destination: third } }, 'answered', ringTime(draw));
  const then: Happening = { what: 'secondCall', plan: second, talk: seconds(draw, 1, 5) };
  return eventful(draw, then, source, destination, [phone(third)]);
}

/** Phones and trunk of res_pjsip, by chance one of three ways. */
function pjsip(draw: Draw): CallPlan {
  const way = draw.random.whole(0, 2);
  if (way === 0) return inbound(draw, 'gw-7');
  if (way === 1) return outbound(draw, 'gw-7');
  const { source } = people(draw);
  const number = draw.overrides.destination ?? '301';
  const called = target(number, 'answered', ringTime(draw), 'PJSIP');
  return plan(fromPhone(draw, source), number, called.party, [GOSUB_INTERNAL, dial([called], talk(draw))]);
}

/** A line that is neither SIP nor PJSIP, either way. */
const byLine = (draw: Draw, trunk: string): CallPlan =>
  draw.random.whole(0, 1) === 0 ? inbound(draw, trunk) : outbound(draw, trunk);

interface Scenario {
  /** How often it happens by itself, relative to the others. */
  readonly weight: number;
  readonly plan: (draw: Draw) => CallPlan;
}

export const SCENARIOS = {
  internal: { weight: 20, plan: (draw) => internal(draw, 'answered', ringTime(draw)) },
  outbound: { weight: 20, plan: (draw) => outbound(draw) },
  inbound: { weight: 16, plan: (draw) => inbound(draw) },
  inboundIvr: {
    weight: 5,
    plan: (draw) => {
      const { destination } = inside(draw);
      const steps = [goto('inside', IVR), ...ivr(draw, destination), ...toPhone(draw, destination)];
      return plan(fromTrunk(draw), IVR, phone(destination), steps);
    },
  },
  ivrInternal: {
    weight: 2,
    plan: (draw) => {
      const { source, destination } = people(draw);
      const steps = [...ivr(draw, destination), ...toPhone(draw, destination)];
      return plan(fromPhone(draw, source), IVR, phone(destination), steps);
    },
  },
  queue: { weight: 3, plan: queueAtOnce },
  queueInTurn: { weight: 2, plan: queueInTurn },
  queueUnanswered: { weight: 1, plan: (draw) => queueUnanswered(draw, false) },
  queueAbandoned: { weight: 1, plan: (draw) => queueUnanswered(draw, true) },
  ringGroup: { weight: 3, plan: ringGroup },
  busy: { weight: 4, plan: (draw) => internal(draw, 'busy', 0) },
  noanswer: { weight: 4, plan: (draw) => internal(draw, 'noanswer', seconds(draw, 8, 15)) },
  cancelled: {
    weight: 3,
    plan: (draw) => internal(draw, 'noanswer', 30, undefined, { cancelledAfter: seconds(draw, 2, 8), timeout: 30 }),
  },
  failed: { weight: 2, plan: (draw) => internal(draw, 'failed', 0, NOBODY) },
  congestion: { weight: 1, plan: (draw) => internal(draw, 'congestion', 0) },
  callback: { weight: 1, plan: callback },
  blindTransfer: { weight: 1, plan: (draw) => blindTransfer(draw, 'callee') },
  blindTransferByCaller: { weight: 1, plan: (draw) => blindTransfer(draw, 'caller') },
  attendedTransfer: { weight: 1, plan: attendedTransfer },
  forward: { weight: 1, plan: forwarded },
  local: { weight: 1, plan: (draw) => local(draw, false) },
  localStays: { weight: 1, plan: (draw) => local(draw, true) },
  pickup: { weight: 1, plan: pickup },
  park: { weight: 1, plan: park },
  conference: { weight: 1, plan: conference },
  twoCalls: { weight: 1, plan: twoCalls },
  pjsip: { weight: 2, plan: pjsip },
  iax: { weight: 1, plan: (draw) => byLine(draw, '87') },
  pstn: { weight: 1, plan: (draw) => byLine(draw, 'pstn2') },
  gsm: { weight: 1, plan: (draw) => byLine(draw, 'GSM3') },
} as const satisfies Record<string, Scenario>;

export type CallKind = keyof typeof SCENARIOS;
export const CALL_KINDS = Object.keys(SCENARIOS) as readonly CallKind[];

/** A kind drawn by weight. */
export function drawKind(random: Random): CallKind {
  const total = CALL_KINDS.reduce((sum, kind) => sum + SCENARIOS[kind].weight, 0);
  let rest = random.next() * total;
  for (const kind of CALL_KINDS) {
    rest -= SCENARIOS[kind].weight;
    if (rest < 0) return kind;
  }
  return 'internal';
}
