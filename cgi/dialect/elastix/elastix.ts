/**
 * The Elastix API (tarek-aec/elastix-api): one address, `/api/api.php?cmd=…`, and one key in `Authorization`, which is one of
 * our API keys. It looks at the command, then at the key, and only then whether there is such a command, in four texts that
 * programs compare; all the rest is JSON.
 */
import { refusal } from '../../dispatch.ts';
import { ERROR_STATUS } from '../../reply.ts';
import type { Dialect, DialectRequest } from '../dialect.ts';
import { needs } from '../enter.ts';
import { readForm } from '../form.ts';
import { formOf } from '../form-of.ts';
import { activeCall } from './active-call.ts';
import { cdrReport } from './cdr-report.ts';
import { type Command, errorReply, JSON_TYPE, TEXT_TYPE } from './command.ts';
import { hardDrivers } from './hard-drivers.ts';
import { iptablesStatus } from './iptables-status.ts';
import { channelStatus, parkedCalls } from './raw-events.ts';
import { sipExtensions } from './sip-extensions.ts';
import { sipPeers } from './sip-peers.ts';
import { systemResources } from './system-resources.ts';
import { wavFile } from './wav-file.ts';

/** What there is, by `cmd`. */
const COMMANDS: Readonly<Record<string, Command>> = {
  sippeers: sipPeers,
  sipextensions: sipExtensions,
  systemresources: systemResources,
  cdrreport: cdrReport,
  getwavfile: wavFile,
  getharddrivers: hardDrivers,
  getiptablesstatus: iptablesStatus,
  activecall: activeCall,
  parkedcalls: parkedCalls,
  channelstatus: channelStatus,
};

/** What its document has and this box hasn't: why. */
const NOT_HERE: Readonly<Record<string, readonly [status: string, code: number]>> = {
  // It gave the box's own password away.
  auth: ['auth: this box gives no password away', 403],
  ...of('extensions are not changed from here', ['addextension', 'updateextension', 'deleteextension']),
  ...of('follow-me is not changed from here', [
    ...['addfollowmeextension', 'updatefollowmeextension', 'deletefollowmeextension'],
  ]),
  ...of('follow-me is not known here', ['getfollowmeextension', 'getallfollowmeextensions']),
};

export const elastix: Dialect = {
  async answer(request, services) {
    // PHP reads it from the address only, whatever the method: so nobody's body is read whose key hasn't been.
    const cmd = readForm(request.query).get('cmd');
    if (cmd === undefined) return text('test');
    const key = keyIn(request);
    if (key === '') return text('key not found');
    const caller = services.keys.find(key);
    if (!caller) {
      refusal({ caller, token: key, address: request.address }, {}, services);
      return text('key not matched');
    }
    const missing = Object.hasOwn(NOT_HERE, cmd) ? NOT_HERE[cmd] : undefined;
    if (missing) return errorReply(...missing);
    const command = Object.hasOwn(COMMANDS, cmd) ? COMMANDS[cmd] : undefined;
    if (!command) return text('cmd not matched');
    needs(caller, command.like, request, services);
    if (request.method === 'HEAD' && !command.head) return nothing(command);
    return await command.answer(request, services, caller, await formOf(request));
  },
  fault: ({ code, message, parameter }) =>
    errorReply(
      parameter === undefined || message.includes(parameter) ? message : `${parameter}: ${message}`,
      ERROR_STATUS[code],
    ),
};

/** Bare, as its document has it, or as everybody else sends one; '' where there is none. */
function keyIn(request: DialectRequest): string {
  return request
    .header('authorization')
    .trim()
    .replace(/^Bearer +/i, '');
}

function text(said: string) {
  return { kind: 'text', status: 200, type: TEXT_TYPE, text: said } as const;
}

/** To HEAD: that it would be answered, without a length that nobody knows. */
function nothing({ type = JSON_TYPE }: Command) {
  return { kind: 'rows', type, text: (async function* () {})() } as const;
}

function of(why: string, commands: readonly string[]): Record<string, readonly [status: string, code: number]> {
  return Object.fromEntries(commands.map((cmd) => [cmd, [`${cmd}: ${why}`, 501]]));
}
