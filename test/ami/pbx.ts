/**
 * A scripted PBX behind the daemon: lets it in, answers what the daemon asks for itself, and gives whatever else is
 * forwarded to it to the test.
 */
import type { Packet } from '../../daemon/wire/packet.ts';
import { eventually, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { CHALLENGE, type FakeAmi, type FakeSession, startFakeAmi } from '../support/fake-ami.ts';
import type { AtEnd } from '../support/folder.ts';

/** What Asterisk says behind the log-in's answer. */
export const BOOTED =
  'Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 22\r\nLastReload: 22\r\nStatus: Fully Booted\r\n\r\n';

export interface ScriptedPbx extends FakeAmi {
  /** Called for each action that is forwarded. */
  asked: (request: Packet, session: FakeSession) => void;
  /** Masks that the daemon asked for, in order: at log-in, and later. */
  readonly masks: string[];
}

/** @param first Decides on each request before anything else; true: it has dealt with it. */
export async function startPbx(
  atEnd: AtEnd,
  first: (request: Packet, session: FakeSession) => boolean = () => false,
): Promise<ScriptedPbx> {
  const masks: string[] = [];
  let booted = false;
  const fake = await startFakeAmi(
    {
      asked(request, session) {
        if (first(request, session)) return;
        const action = request.get('Action');
        switch (action) {
          case 'Challenge':
            return session.answer(request, 'Success', ['Challenge', CHALLENGE]);
          case 'Login':
            masks.push(request.get('Events'));
            return session.send(`Response: Success\r\nActionID: ${request.get('ActionID')}\r\n\r\n${BOOTED}`);
          case 'CoreSettings':
            return session.answer(request, 'Success', ['AsteriskVersion', '16.28.0']);
          case 'Events':
            masks.push(request.get('EventMask'));
            return session.answer(request, 'Success', ['Events', 'On']);
          case 'Filter':
            return session.answer(request, 'Success', ['Message', 'Success']);
          case 'DBPut':
            return session.answer(request, 'Success', ['Message', 'Updated database successfully']);
          case 'Ping':
            return session.answer(request, 'Success', ['Ping', 'Pong']);
          case 'Logoff':
            return session.answer(request, 'Goodbye', ['Message', 'Thanks for all the fish.']);
          case 'CoreShowChannels':
            if (!booted) {
              booted = true; // the daemon's own look, once it is up
              session.answer(request, 'Success', ['EventList', 'start'], ['Message', 'Channels will follow']);
              return session.send(listEnd('CoreShowChannelsComplete', request));
            }
        }
        pbx.asked(request, session);
      },
    },
    atEnd,
  );
  const pbx: ScriptedPbx = Object.assign(Object.create(fake) as FakeAmi, {
    asked(request: Packet, session: FakeSession) {
      session.answer(request, 'Success');
    },
    masks,
  });
  return pbx;
}

export function listEnd(event: string, request: Packet, items = 0): string {
  return `Event: ${event}\r\nActionID: ${request.get('ActionID')}\r\nEventList: Complete\r\nListItems: ${items}\r\n\r\n`;
}

/** The daemon with that PBX behind it, connected. */
export async function startScene(
  atEnd: AtEnd,
  env: Record<string, string> = {},
): Promise<{ daemon: TestDaemon; pbx: ScriptedPbx }> {
  const pbx = await startPbx(atEnd);
  const daemon = await startDaemon(
    {
      CDRD_ASTERISK_HOST: '127.0.0.1',
      CDRD_ASTERISK_PORT: String(pbx.port),
      CDRD_ASTERISK_SECRET: 'pbx-secret',
      ...env,
    },
    { atEnd },
  );
  await eventually(() => pbx.requests.some((request) => request.get('Action') === 'CoreShowChannels'));
  return { daemon, pbx };
}
