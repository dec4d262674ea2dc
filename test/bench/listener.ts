/** Who listens to the daemon's AMI: logs in, and is told of each `Event: Cdr` as it comes. */
import { connect, type Socket } from 'node:net';
import { askDaemon } from '../../daemon/control/client.ts';
import { type Box, until } from '../fault/box.ts';

export const AMI_USER = { name: 'bench', secret: 'bench-secret' };

/** Makes the user whom {@link listen} logs in as. @param run The daemon's folder of sockets. @returns the AMI's port. */
export async function openAmi(box: Box, run: string): Promise<number> {
  const rights = { read: ['cdr', 'call', 'agent'], write: [], permit: ['127.0.0.0/8'], extras: false };
  const set = () => askDaemon(run, { command: 'ami-user.set', ...AMI_USER, ...rights });
  await until('the daemon takes commands', set, 10); // its control socket comes last
  const port = /listening ami=\S+?:(\d+)\s/.exec(box.log())?.[1];
  if (port === undefined) throw new Error(`no AMI port in: ${box.log()}`);
  return Number(port);
}

/** @param heard Gets the UniqueID of each record. */
export async function listen(port: number, heard: (uniqueId: string) => void): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
  let text = '';
  const accepted = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`the AMI ends the connection: ${text}`)));
    socket.on('data', (chunk: string) => {
      const packets = (text + chunk).split('\r\n\r\n');
      text = packets.pop() ?? '';
      for (const packet of packets) {
        if (packet.includes('Authentication accepted')) resolve();
        const [, id] = /^Event: Cdr\r\n[\s\S]*^UniqueID: (\S+)/m.exec(packet) ?? [];
        if (id !== undefined) heard(id);
      }
    });
  });
  const { name, secret } = AMI_USER;
  socket.write(`Action: Login\r\nUsername: ${name}\r\nSecret: ${secret}\r\nEvents: on\r\n\r\n`);
  await accepted;
  return socket;
}
