/**
 * Memory of a page given back at once. A buffer costs its isolate some bytes and the process half a megabyte: until the
 * collector of garbage feels any need, hundreds of them lie about.
 */
import { MessageChannel } from 'node:worker_threads';

/** What is sent to a port that leads nowhere is taken from the sender and is gone (HTML, 9.4.4, message port post). */
const { port1: nowhere, port2 } = new MessageChannel();
port2.close();
nowhere.close();

/** Frees what lies under these bytes; they are empty from then on. Nobody may still read them: no write under way either. */
export function letGo({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) nowhere.postMessage(null, [buffer]);
}
