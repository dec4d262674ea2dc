/** Legs for tests: an answered internal call unless told otherwise. */
import type { Leg } from '../../storage/model/leg.ts';
import { GUIDE_NUMBERING } from '../../storage/model/number-plan.ts';
import type { StoreOptions } from '../../storage/store.ts';

/** What the index calls the first medium that a store ever sees. */
export const FIRST_MEDIUM = 1;

const at = (epoch: number) => ({ epoch, offset: -28_800 });

/** 205 calls 204 at `start`, who answers after 2 s and talks for 3 (guide 3.2). */
export function leg(start: number, change: Partial<Leg> = {}): Leg {
  return {
    accountCode: '',
    source: '205',
    destination: '204',
    destinationContext: 'from-ext-205',
    callerId: '"205" <205>',
    channel: 'SIP/205-00000000',
    destinationChannel: 'SIP/204-00000001',
    lastApplication: 'Dial',
    lastData: 'SIP/204,30,TtKkWwXx',
    start: at(start),
    answer: at(start + 2),
    end: at(start + 5),
    duration: 5,
    billsec: 3,
    disposition: 'ANSWERED',
    amaFlags: 'DOCUMENTATION',
    uniqueId: `${start}.0`,
    userField: '',
    recordingFile: '',
    linkedId: `${start}.0`,
    sequence: 0,
    cidName: null,
    ivr: null,
    dialled: null,
    callType: null,
    talkStart: null,
    extra: [],
    ...change,
  };
}

/** The guide's own box: UTC−08:00 the year round, trunks 96 and 42. */
export function storeOptions(folder: string): StoreOptions {
  return {
    file: `${folder}/cdrd.db`,
    rules: {
      numbering: GUIDE_NUMBERING,
      trunks: { names: ['96', '42'], fxo: ['^DAHDI/(\\d+)-'], gsm: ['^GSM/(\\d+)-'] },
      recordingsDir: '/media/usbStorage/monitor',
      zone: 'Etc/GMT+8',
    },
  };
}
