/** What an AMI client hears of records while the disk of the store is full: nothing waits for them, and each comes once. */
import { rmSync } from 'node:fs';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';
import { fillDisk, mountDisk, whyNoMounts } from '../support/mount.ts';
import { amiPort, logInClient, setUser } from './client.ts';
import { startScene } from './pbx.ts';

const MB = 1_000_000;
const why = whyNoMounts();
if (why !== '') afterAll(() => console.warn(`the test of a full disk was skipped: ${why}`));

const cdr = (uniqueId: string) =>
  [
    'Event: Cdr',
    'Privilege: cdr,all',
    'AccountCode: ',
    'Source: 205',
    'Destination: 204',
    'DestinationContext: from-ext-205',
    'CallerID: "205" <205>',
    'Channel: SIP/205-00000018',
    'DestinationChannel: SIP/204-00000019',
    'LastApplication: Dial',
    'LastData: SIP/204,30,TtKkWwXx',
    'StartTime: 2021-04-22 01:01:50',
    'AnswerTime: 2021-04-22 01:01:52',
    'EndTime: 2021-04-22 01:01:55',
    'Duration: 5',
    'BillableSeconds: 3',
    'Disposition: ANSWERED',
    'AMAFlags: DOCUMENTATION',
    `UniqueID: ${uniqueId}`,
    'UserField: ',
    '\r\n',
  ].join('\r\n');
const other = (name: string) => `Event: ${name}\r\nPrivilege: call,all\r\n\r\n`;

test.skipIf(why !== '')('all else goes on, and the records come in their order when they are stored', async () => {
  const state = `${temporaryFolder()}/state`;
  mountDisk(state, 24 * MB, onTestFinished);
  const { daemon, pbx } = await startScene(onTestFinished, { CDRD_STATE_DIR: state, CDRD_STATE_RESERVE_MB: '4' });
  await setUser(daemon, 'plain');
  const client = await logInClient(amiPort(daemon), 'plain');
  await eventually(() => pbx.masks.at(-1)?.includes('cdr'));
  const filler = fillDisk(state, 2 * MB);

  pbx.send(other('A') + cdr('1619082110.1') + other('B') + cdr('1619082110.2') + other('C'));
  await client.find(({ first }) => first[1] === 'C');
  expect(daemon.ingest.figures).toMatchObject({ held: 2, lost: 0 });
  rmSync(filler);
  await eventually(() => client.events('Cdr').length >= 2);
  await eventually(() => daemon.ingest.figures.open === 0); // stored, and the calls are over
  expect(client.events().map(({ first, get }) => `${first[1]} ${get('UniqueID')}`.trim())).toEqual([
    'FullyBooted',
    'A',
    'B',
    'C',
    'Cdr 1619082110.1',
    'Cdr 1619082110.2',
  ]);
});
