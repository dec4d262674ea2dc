/**
 * Tells somebody who looks at no page that the stick is gone, a disk is nearly full or Asterisk is away, and that all is
 * well again: by mail, by a webhook, or both. What was told and what still waits lies in `state.dir/alarms`, so that a
 * restart neither repeats nor forgets. A disk that takes no writes keeps no alarm back: it is sent from memory.
 */
import { randomUUID } from 'node:crypto';
import type { Alarm, Alarms, Way } from '../../cgi/alarm/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { SettingValue } from '../../cgi/settings/schema.ts';
import { alarmLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import { type BoxState, conditionsOf } from './condition.ts';
import { type Change, createDamping, type DampingLimits } from './damping.ts';
import { type Kept, keepFile, readKept } from './kept.ts';
import { asJson, asMail, type Message, type Sender, saying, TEST_SAYS } from './message.ts';
import { createQueue, type Queue, type QueueLimits } from './queue.ts';
import { mayGainNothing, openSpool } from './spool.ts';

export interface AlarmLimits extends DampingLimits, QueueLimits {
  readonly lookMs: number;
  readonly startMs: number;
  readonly webhookMs: number;
  readonly mailLookMs: number;
  readonly takenMs: number;
  readonly sentMs: number;
  readonly saneClock: number;
}

export interface AlarmOptions {
  /** `state.dir`. */
  readonly stateDir: string;
  /** The script `send-mail`. */
  readonly sendMail: string;
  /** `alarm.local_webhook`. */
  readonly localToo: boolean;
  readonly settings: {
    value(name: string): SettingValue;
    onChange(listener: (names: readonly string[]) => void): void;
  };
  /** How the box stands at this moment. */
  box(): BoxState;
  readonly sender: Sender;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly limits?: AlarmLimits;
}

export interface RunningAlarms extends Alarms {
  close(): Promise<void>;
}

export async function startAlarms(options: AlarmOptions): Promise<RunningAlarms> {
  const { stateDir, settings, log, limits = alarmLimits } = options;
  const file = `${stateDir}/alarms`;
  const from = await readKept(file, log);
  const keeper = keepFile(file, log);
  const mono = () => performance.now();
  const begin = mono();
  const clock = () => (Date.now() / 1000 < limits.saneClock ? null : Date.now());
  const ways = await openWays(options, limits);
  const raised = new Map<string, Alarm>(from.raised.map((alarm) => [idOf(alarm), alarm]));
  const damping = createDamping(limits, [...raised.keys()]);

  function keep(): void {
    const kept: Kept = { raised: [...raised.values()], mail: queues.mail.waiting(), webhook: queues.webhook.waiting() };
    keeper.put(kept);
  }

  const queueOf = (way: Way): Queue =>
    createQueue({
      way,
      from: from[way],
      isOn: ways[way].isOn,
      deliver: ways[way].deliver,
      onChange: () => keep(),
      now: Date.now,
      log,
      limits,
    });
  const queues = { mail: queueOf('mail'), webhook: queueOf('webhook') };
  const all = [queues.mail, queues.webhook];

  function tell(change: Change): void {
    const { condition, bad, lasted } = change;
    const { id, kind, disk } = condition;
    const now = clock();
    const says = saying(change);
    const since = now === null ? null : Math.round(now - lasted);
    if (bad) raised.set(id, { kind, disk, says, since });
    else raised.delete(id);
    log.warn(bad ? 'an alarm is raised' : 'an alarm is over', { alarm: id, why: condition.why });
    for (const queue of all) queue.put({ id: randomUUID(), event: bad ? 'alarm' : 'over', kind, disk, says, since });
    keep();
  }

  function look(): void {
    if (mono() - begin < limits.startMs) return; // medium and Asterisk are looked for still
    const conditions = conditionsOf(options.box());
    const after = Number(settings.value('alarm.after')) * 1000;
    if (ways.mail.isOn() || ways.webhook.isOn())
      for (const change of damping.look(conditions, mono(), after)) tell(change);
    else {
      damping.look(conditions, mono(), Number.POSITIVE_INFINITY);
      damping.forgetTold();
      if (raised.size === 0) return;
      raised.clear();
      keep();
    }
  }

  const beat = setInterval(look, limits.lookMs);
  beat.unref();
  settings.onChange((names) => {
    if (names.some((name) => name.startsWith('alarm.'))) for (const queue of all) queue.tryNow();
  });

  const testing = new Set<Way>();
  async function test(way: Way): Promise<string> {
    if (!ways[way].isOn()) throw new CgiError('conflict', `${way} is off: nobody is named in alarm.${way}`, 'send');
    if (testing.has(way)) throw new CgiError('conflict', `a test of ${way} is under way`, 'send');
    testing.add(way);
    const message: Message = {
      id: randomUUID(),
      event: 'test',
      kind: null,
      disk: null,
      says: TEST_SAYS,
      since: clock(),
    };
    try {
      const why = await ways[way].deliver(message).then(
        () => '',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      queues[way].tried(why);
      return why;
    } finally {
      testing.delete(way);
    }
  }

  return {
    raised: () => [...raised.values()],
    ways: () => all.map((queue) => queue.state()),
    test,
    async close() {
      clearInterval(beat);
      for (const queue of all) queue.close();
      ways.close();
      await keeper.close();
    },
  };
}

const idOf = ({ kind, disk }: Pick<Alarm, 'kind' | 'disk'>) => (disk === null ? kind : `${kind}.${disk}`);

/** How each way goes. */
async function openWays(options: AlarmOptions, limits: AlarmLimits) {
  const { stateDir, sendMail, settings, sender } = options;
  const dir = `${stateDir}/mail`;
  const spool = await openSpool({
    dir,
    start: mayGainNothing()
      ? null
      : async () => (await import('./send-mail.ts')).startSendMail(sendMail, dir, limits.sentMs),
    limits: { lookMs: limits.mailLookMs, takenMs: limits.takenMs, sentMs: limits.sentMs },
  });
  const to = () => settings.value('alarm.mail') as readonly string[];
  const url = () => String(settings.value('alarm.webhook'));
  return {
    mail: {
      isOn: () => to().length > 0,
      deliver(message: Message): Promise<void> {
        const now = Date.now() / 1000 < limits.saneClock ? null : Date.now();
        const letter = { to: to(), from: String(settings.value('alarm.sender')), now };
        return spool.send(message.id, asMail(message, letter, sender));
      },
    },
    webhook: {
      isOn: () => url() !== '',
      async deliver(message: Message): Promise<void> {
        const { post } = await import('./webhook.ts'); // few boxes have one
        await post({
          url: url(),
          localToo: options.localToo,
          body: asJson(message, sender),
          ms: limits.webhookMs,
          program: `cdrd/${sender.version}`,
        });
      },
    },
    close: () => spool.close(),
  };
}
