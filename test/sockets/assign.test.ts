/** Which handed-on socket serves which address: a table. */
import { expect, test } from 'vitest';
import { assign, type Offered, type Wanted } from '../../daemon/sockets/assign.ts';

const at = (text: string) => {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? [];
  return { host, port: Number(port) };
};

/** `http=[::]:80` as a wanted address, `http@[::]:80` as a socket named so; `http@-` is a local socket. */
function run(wanted: string, offered: string): string {
  const wants = wanted.split(' ').map((text): Wanted => {
    const [name = '', address = ''] = text.split('=');
    return { name, address: at(address) };
  });
  const sockets = offered.split(' ').map((text): Offered => {
    const [name = '', address = ''] = text.split('@');
    return { name, at: address === '-' ? null : at(address) };
  });
  const assigned = assign(wants, sockets);
  return wants
    .map((want) => {
      const socket = assigned.get(want);
      return socket ? sockets.indexOf(socket) : '-';
    })
    .join(' ');
}

test.each([
  ['the same addresses, whatever their names', 'http=[::]:80 https=[::]:443', 'x@[::]:443 x@[::]:80', '1 0'],
  ['the same address goes before a wider claim to it', 'http=[::]:80', 'x@0.0.0.0:80 x@[::]:80', '1'],
  ['every address: IPv4 alone is a part of it', 'http=[::]:80', 'x@0.0.0.0:80', '0'],
  ['every address: so is one of them', 'http=[::]:80', 'x@192.168.1.5:80', '0'],
  ['one address is not served everywhere', 'http=192.168.1.5:80', 'http@[::]:80', '-'],
  ['nor is loopback', 'ami=127.0.0.1:5038', 'ami@0.0.0.0:5038', '-'],
  ['who asked for IPv4 did not ask for IPv6', 'http=0.0.0.0:80', 'http@[::]:80', '-'],
  ['by name on another port', 'http=[::]:80 https=[::]:443', 'https@[::]:8443 http@[::]:8080', '1 0'],
  ['a name does not make it wider', 'http=127.0.0.1:80', 'http@[::]:8080', '-'],
  ['the port goes before the name', 'http=[::]:80 https=[::]:443', 'https@[::]:80', '0 -'],
  ['another port without a name of ours', 'http=[::]:80', 'cdrd.socket@[::]:8080', '-'],
  ['a local socket', 'http=[::]:80', 'http@-', '-'],
  ['any free port is none in particular', 'http=127.0.0.1:0', 'http@127.0.0.1:5000', '-'],
  ['one socket serves one address', 'http=[::]:80 http=0.0.0.0:80', 'x@0.0.0.0:80', '- 0'],
])('%s', (_, wanted, offered, expected) => {
  expect(run(wanted, offered)).toBe(expected);
});
