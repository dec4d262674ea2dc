/** MOR's devices: a phone of which Asterisk has no word by itself keeps no other one from being told of. */
import { expect, test } from 'vitest';
import { userDevices } from '../../cgi/dialect/mor/devices.ts';
import type { Asked } from '../../cgi/dialect/mor/page.ts';
import { CgiError } from '../../cgi/reply.ts';
import { readXml } from '../support/strict-xml.ts';
import { all, textsOf } from './mor-box.ts';

const told = async (fault: CgiError) => {
  const peers = ['201', '202'].map((peer) => [['ObjectName', peer]]);
  const services = {
    settings: { value: () => '200-299' },
    askAsterisk: {
      list: async (action: string) => ({ items: action === 'SIPpeers' ? peers : [], end: [] }),
      async action(_: string, { Peer }: { readonly Peer: string }) {
        if (Peer === '201') throw fault;
        return [['Callerid', '"Eva" <202>']];
      },
    },
  };
  const reply = await userDevices.answer({
    services,
    user: { id: '0', name: 'admin', ranges: null },
  } as unknown as Asked);
  return all(readXml('text' in reply ? String(reply.text) : ''), 'device').map(textsOf);
};

test('one that is gone by now has no caller ID, the next has its own', async () => {
  expect(await told(new CgiError('conflict', 'Asterisk: Peer 201 not found.'))).toEqual([
    { acc: '201', description: '', type: 'SIP', extension: '201', username: '201' },
    { acc: '202', description: '', type: 'SIP', extension: '202', username: '202', cid: '"Eva" <202>' },
  ]);
});

test('an Asterisk that does not answer in time is told', async () => {
  await expect(told(new CgiError('busy', 'Asterisk does not answer'))).rejects.toThrow('does not answer');
});
