/**
 * A record as a row of the table `cdr` of an Elastix box (FreePBX's columns), in its order and each as a text. What nobody
 * has written is an empty text there too: `did` and the names of the other party are filled only on boxes whose dialplan
 * writes them into the record (`cdr_manager.conf`).
 */

import type { LegPage } from '../../../storage/leg-walk.ts';
import { formatLocal } from '../../../storage/model/local-time.ts';

type ListedLeg = LegPage['legs'][number];

/** Asterisk's own numbers, which its tables of MySQL hold. */
const AMA_FLAGS: Readonly<Record<string, string>> = { OMIT: '1', BILLING: '2', DOCUMENTATION: '3' };

export function cdrRow(leg: ListedLeg): Readonly<Record<string, string>> {
  const caller = callerOf(leg.callerId);
  const written = (name: string) => leg.extra.find(([each]) => each.toLowerCase() === name)?.[1];
  const { disposition } = leg;
  return {
    calldate: formatLocal(leg.start.epoch, leg.start.offset),
    clid: leg.callerId,
    src: leg.source,
    dst: leg.destination,
    dcontext: leg.destinationContext,
    channel: leg.channel,
    dstchannel: leg.destinationChannel,
    lastapp: leg.lastApplication,
    lastdata: leg.lastData,
    duration: String(leg.duration),
    billsec: String(leg.billsec),
    disposition: disposition === 'CONGESTION' ? 'FAILED' : disposition,
    amaflags: /^\d+$/.test(leg.amaFlags) ? leg.amaFlags : (AMA_FLAGS[leg.amaFlags.toUpperCase()] ?? '0'),
    accountcode: leg.accountCode,
    uniqueid: leg.uniqueId,
    userfield: leg.userField,
    recordingfile: nameOf(leg.recording || leg.recordingFile),
    cnum: written('cnum') ?? caller.number,
    cnam: written('cnam') ?? caller.name,
    outbound_cnum: written('outbound_cnum') ?? '',
    outbound_cnam: written('outbound_cnam') ?? '',
    dst_cnam: written('dst_cnam') ?? '',
    did: written('did') ?? '',
  };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `"NAME" <NUMBER>`; where only one of them was known Asterisk writes it alone (main/callerid.c). */
function callerOf(callerId: string): { readonly name: string; readonly number: string } {
  const at = callerId.endsWith('>') ? callerId.lastIndexOf('<') : -1;
  if (at < 0) return /^[\d+*#]+$/.test(callerId) ? { name: '', number: callerId } : { name: callerId, number: '' };
  const name = callerId.slice(0, at).trim();
  const isQuoted = name.length >= 2 && name.startsWith('"') && name.endsWith('"');
  return { name: isQuoted ? name.slice(1, -1) : name, number: callerId.slice(at + 1, -1) };
}
