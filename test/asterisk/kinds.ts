/**
 * Every kind of call that needs no hardware, each as a short story on real phones. The names are those of kinds.txt,
 * where it stands what must come of them.
 */
import type { Packet } from './ami.ts';
import type { Dialogue, Placed, Switchboard } from './sip-phone.ts';
import type { Scene } from './stage.ts';

export interface Kind {
  readonly name: string;
  /** First of the ten extensions that it owns. */
  readonly base: number;
  readonly play: (scene: Scene) => Promise<void>;
}

/** `user` answers what `placed` calls; both sides of the connected call. */
async function connect(
  scene: Scene,
  placed: Placed,
  user: string,
  board?: Switchboard,
): Promise<readonly [caller: Dialogue, called: Dialogue]> {
  const [called, caller] = await Promise.all([scene.answer(user, board), placed.answered()]);
  return [caller, called];
}

/** They talk for two seconds, the caller hangs up. */
async function chat(
  scene: Scene,
  [caller, called]: readonly [caller: Dialogue, called: Dialogue],
  seconds = 2,
): Promise<void> {
  await scene.talk(seconds);
  await caller.hangUp();
  await called.ended();
}

export const KINDS: readonly Kind[] = [
  {
    name: 'internal',
    base: 100,
    play: async (s) => chat(s, await connect(s, s.call(s.b), s.b)),
  },
  {
    name: 'outbound',
    base: 110,
    play: async (s) => chat(s, await connect(s, s.call(`9${s.outside}`), s.outside, s.stage.trunk96)),
  },
  {
    name: 'inbound',
    base: 120,
    play: async (s) => chat(s, await connect(s, s.callIn(s.b), s.b)),
  },
  {
    name: 'ivr',
    base: 130,
    play: async (s) => chat(s, await connect(s, s.callIn('621'), s.b)),
  },
  {
    name: 'queue',
    base: 140,
    play: async (s) => {
      const placed = s.callIn('822');
      const first = await s.stage.house.ringing(s.b);
      await first.cancelled();
      const [called, caller] = await Promise.all([s.answerAtOnce(s.c), placed.answered()]);
      await chat(s, [caller, called]);
    },
  },
  {
    name: 'queue_unanswered',
    base: 150,
    play: async (s) => {
      const caller = await s.callIn('823').answered();
      const first = await s.stage.house.ringing(s.b);
      await first.cancelled();
      await caller.ended();
    },
  },
  {
    name: 'queue_local',
    base: 160,
    play: async (s) => chat(s, await connect(s, s.callIn('824'), s.b)),
  },
  {
    name: 'ringgroup',
    base: 170,
    play: async (s) => chat(s, await connect(s, s.callIn('922'), s.c)),
  },
  {
    name: 'ringgroup_unanswered',
    base: 180,
    play: async (s) => {
      await s.callIn('923').refused();
    },
  },
  {
    name: 'busy',
    base: 190,
    play: async (s) => {
      const placed = s.call(s.b);
      (await s.stage.house.ringing(s.b)).refuse(486, 'Busy Here');
      await placed.refused();
    },
  },
  {
    name: 'unanswered',
    base: 400,
    play: async (s) => {
      const placed = s.call(s.ext(9));
      await (await s.stage.house.ringing(s.ext(9))).cancelled();
      await placed.refused();
    },
  },
  {
    name: 'cancelled',
    base: 410,
    play: async (s) => {
      const placed = s.call(s.b);
      const bell = await s.stage.house.ringing(s.b);
      await s.talk(2);
      await Promise.all([placed.cancel(), bell.cancelled()]);
    },
  },
  {
    name: 'failed',
    base: 420,
    play: async (s) => {
      await s.call(s.ext(8)).refused();
    },
  },
  {
    name: 'congestion',
    base: 430,
    play: async (s) => {
      const placed = s.call(s.b);
      (await s.stage.house.ringing(s.b)).refuse(503, 'Service Unavailable');
      await placed.refused();
    },
  },
  {
    name: 'callback',
    base: 440,
    play: async (s) => {
      await s.callFile({
        Channel: `${s.stage.tech}/${s.outside}@96`,
        CallerID: `"Callback" <${s.outside}>`,
        Context: 'callback-kinds',
        Extension: s.b,
        Priority: '1',
      });
      const called = await s.answer(s.outside, s.stage.trunk96);
      const inside = await s.answer(s.b);
      await chat(s, [called, inside]);
    },
  },
  {
    name: 'blind_transfer',
    base: 450,
    play: async (s) => {
      const [caller, first] = await connect(s, s.callIn(s.b), s.b);
      await s.talk(2);
      const [second] = await Promise.all([s.answer(s.c), first.transfer(s.c)]);
      await chat(s, [caller, second], 3);
    },
  },
  {
    name: 'blind_transfer_by_caller',
    base: 460,
    play: async (s) => {
      const [caller, first] = await connect(s, s.call(s.b), s.b);
      await s.talk(2);
      const [second] = await Promise.all([s.answer(s.c), caller.transfer(s.c)]);
      await chat(s, [first, second], 3);
    },
  },
  {
    name: 'blind_transfer_ami',
    base: 470,
    play: async (s) => {
      const [caller, first] = await connect(s, s.callIn(s.b), s.b);
      await s.talk(2);
      await s.action('BlindTransfer', { Channel: s.channelOf(s.b), Context: 'inside', Exten: s.c });
      const second = await s.answer(s.c);
      await first.ended();
      await chat(s, [caller, second], 3);
    },
  },
  {
    name: 'attended_transfer',
    base: 480,
    play: async (s) => {
      const [caller, first] = await connect(s, s.callIn(s.b), s.b);
      await s.talk(2);
      const [consultation, second] = await connect(s, s.call(s.c, s.b), s.c);
      await s.talk(2);
      await first.transferTo(consultation);
      await chat(s, [caller, second], 3);
    },
  },
  {
    name: 'attended_transfer_ami',
    base: 490,
    play: async (s) => {
      const [caller, first] = await connect(s, s.callIn(s.b), s.b);
      await s.talk(2);
      await s.action('Atxfer', { Channel: s.channelOf(s.b), Context: 'inside', Exten: s.c });
      const second = await s.answer(s.c);
      await s.talk(2);
      await first.hangUp();
      await chat(s, [caller, second], 3);
    },
  },
  {
    name: 'forward_302',
    base: 500,
    play: async (s) => {
      const placed = s.callIn(s.b);
      (await s.stage.house.ringing(s.b)).redirect(s.c);
      await chat(s, await connect(s, placed, s.c));
    },
  },
  {
    name: 'forward_302_outside',
    base: 510,
    play: async (s) => {
      const placed = s.callIn(s.b);
      (await s.stage.house.ringing(s.b)).redirect(`9${s.outside}`);
      await chat(s, await connect(s, placed, s.outside, s.stage.trunk96));
    },
  },
  {
    name: 'forward_dialplan',
    base: 520,
    play: async (s) => chat(s, await connect(s, s.callIn(s.ext(7)), s.c)),
  },
  {
    name: 'local_n',
    base: 530,
    play: async (s) => chat(s, await connect(s, s.call(`*31${s.b}`), s.b)),
  },
  {
    name: 'local',
    base: 540,
    play: async (s) => chat(s, await connect(s, s.call(`*32${s.b}`), s.b)),
  },
  {
    name: 'pickup',
    base: 550,
    play: async (s) => {
      const placed = s.callIn(s.b);
      const bell = await s.stage.house.ringing(s.b);
      await s.talk(2);
      const taking = s.call(`*8${s.b}`, s.c);
      const [caller, taker] = await Promise.all([placed.answered(), taking.answered(), bell.cancelled()]);
      await chat(s, [caller, taker]);
    },
  },
  {
    name: 'parking',
    base: 560,
    play: async (s) => {
      const [caller, first] = await connect(s, s.callIn(s.b), s.b);
      await s.talk(2);
      let space = '';
      await first.transfer('700', async () => {
        const isParked = (p: Packet) => p.get('Event') === 'ParkedCall' && p.get('ParkeeCallerIDNum') === s.outside;
        space = (await s.event('ParkedCall', isParked)).get('ParkingSpace') ?? '';
      });
      await s.talk(2);
      const taker = await s.call(space, s.c).answered();
      await chat(s, [caller, taker], 3);
    },
  },
  {
    name: 'conference',
    base: 570,
    play: async (s) => {
      const members = [await s.call('741', s.a).answered()];
      for (const user of [s.b, s.c]) {
        await s.talk(1);
        members.push(await s.call('741', user).answered());
      }
      await s.talk(1);
      members.push(await s.callIn('741').answered());
      for (const member of members) {
        await s.talk(1);
        await member.hangUp();
      }
    },
  },
  {
    name: 'two_calls',
    base: 580,
    play: async (s) => {
      const both = await Promise.all([connect(s, s.call(s.b), s.b), connect(s, s.call(s.c), s.c)]);
      await Promise.all([chat(s, both[0], 2), chat(s, both[1], 4)]);
    },
  },
];
