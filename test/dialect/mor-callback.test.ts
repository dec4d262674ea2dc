/** MOR's callback costs money: what can't be noted is not done. */
import { expect, test } from 'vitest';
import { activateCallback } from '../../cgi/dialect/mor/callback.ts';
import type { Asked } from '../../cgi/dialect/mor/page.ts';
import { type AsteriskHeaders, NoAnswer } from '../../cgi/dialect/port.ts';
import { StoreError } from '../../storage/errors.ts';

/** A request by an admin, to a box with one phone. @param write What the store does with an audit line. */
function asked(write: () => Promise<unknown>, dst = '004930123', originate = async () => {}) {
  const done: string[] = [];
  const settings: Readonly<Record<string, unknown>> = {
    'mor.callback': true,
    'mor.callback_numbers': ['0049*', '+49*'],
    'numbering.extension': '200-299',
  };
  const peer: AsteriskHeaders = [['ObjectName', '201']];
  const services = {
    settings: { value: (name: string) => settings[name] },
    store: {
      write: () => {
        done.push('noted');
        return write();
      },
    },
    askAsterisk: {
      list: async (action: string) => ({ items: action === 'SIPpeers' ? [peer] : [], end: [] }),
      action: async (action: string, { Exten = '' }: Readonly<Record<string, string>>) => {
        done.push(`${action} ${Exten}`.trim());
        if (action === 'Originate') await originate();
        return [['Context', 'from-ext-201']];
      },
    },
  };
  const page = {
    ...{ services, request: { address: '192.168.6.5' }, caller: { user: 'admin', scopes: new Set(['call.place']) } },
    ...{ user: { id: '0', name: 'admin', ranges: null }, rest: '' },
    form: new Map([
      ['src', '201'],
      ['dst', dst],
    ]),
  } as unknown as Asked;
  return { done, answer: async () => activateCallback.answer(page) };
}

test('a call is noted, then placed', async () => {
  const { done, answer } = asked(async () => {});
  expect(await answer()).toMatchObject({ status: 200 });
  expect(done).toEqual(['SIPshowpeer', 'noted', 'Originate 004930123']);
});

test('none is placed while the disk of the audit log is full', async () => {
  const { done, answer } = asked(async () => {
    throw new StoreError('disk_full', 'full');
  });
  await expect(answer()).rejects.toThrow('full');
  expect(done).toEqual(['SIPshowpeer', 'noted']);
});

test('a + that was not encoded is one all the same: without it another number would be called', async () => {
  const { done, answer } = asked(async () => {}, ' 4930123');
  expect(await answer()).toMatchObject({ status: 200 });
  expect(done.at(-1)).toBe('Originate +4930123');
});

test('whether a call is placed is not known while Asterisk has not answered: nobody is told to try again', async () => {
  const { answer } = asked(
    async () => {},
    '004930123',
    async () => {
      throw new NoAnswer('Asterisk: no answer to Originate within 10 s');
    },
  );
  const why = 'Asterisk has not answered yet: the call may be placed all the same, do not ask again';
  await expect(answer()).rejects.toMatchObject({ code: 'conflict', message: why });
});
