/** Who may do what: a table written by hand of actions and write lists, and what no class grants. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { isAction, mayCall, mayForward } from '../../daemon/ami/actions.ts';
import { classesOf, isClass, maskOf, namesOf } from '../../daemon/ami/classes.ts';
import { ownActions } from '../../daemon/ami/own-actions.ts';
import { type AmiUser, openAmiUsers } from '../../daemon/ami/users.ts';
import { parsePacket } from '../../daemon/wire/packet.ts';
import { temporaryFolder } from '../support/folder.ts';

async function userWith(write: string): Promise<AmiUser> {
  const users = await openAmiUsers(temporaryFolder(onTestFinished));
  const words = write.split(' ').filter(Boolean);
  await users.set({ name: 'x', secret: 'x', read: [], write: words, permit: [], extras: false });
  return users.get('x') as AmiUser;
}

/** `Action`, then further headers behind commas: `Getvar, Variable: X`. */
function may(user: AmiUser, line: string): boolean {
  const [action = '', ...more] = line.split(' | ');
  const packet = parsePacket(Buffer.from(`${[`Action: ${action}`, ...more].join('\r\n')}\r\n\r\n`));
  const own = ownActions.get(action.toLowerCase());
  return own ? mayCall(user, own) : mayForward(user, action, packet);
}

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: Asterisk writes variables so
const TABLE: readonly (readonly [write: string, allowed: string, refused: string])[] = [
  [
    '',
    'Ping, Events, ListCommands, Logoff, QueueStatus, BridgeList, CdrdReplay, WaitEvent',
    'Filter, MixMonitorMute, Status, CoreStatus, Hangup, Originate, Command, UserEvent, Getvar, DBGet',
  ],
  [
    'call',
    'Hangup, Redirect, Atxfer, Bridge, Park, MixMonitorMute, Status, ExtensionState, PlayDTMF',
    'CoreStatus, CoreShowChannels, QueueAdd, UserEvent, Setvar, MixMonitor, Monitor, ChangeMonitor, Originate, Filter, DBGet',
  ],
  [
    'reporting',
    'Status, CoreShowChannels, SIPpeers, ConfbridgeList, ShowDialPlan, DBGet, DeviceStateList',
    'Hangup, Redirect, Filter, MixMonitorMute, PJSIPShowEndpoint, PJSIPShowRegistrationsOutbound, PJSIPRegister, QueuePause',
  ],
  [
    'system',
    'Filter, MixMonitorMute, Hangup, CoreStatus, ModuleCheck, StopMixMonitor',
    'DBPut, DBDel, DBDelTree, ModuleLoad, Reload, MixMonitor, GetConfig, UpdateConfig, DialplanExtensionAdd, PJSIPShowAuths, PJSIPNotify, SIPnotify',
  ],
  ['agent', 'QueueAdd, QueueRemove, QueuePause, QueueLog, Agents', 'Hangup, QueueReload, QueueReset'],
  ['user', 'UserEvent', 'Hangup, MessageSend'],
  ['message', 'MessageSend | Variable: X=1', 'UserEvent, MessageSend | Variable: FILE(/etc/passwd)=x'],
  [
    'config',
    'ShowDialPlan',
    'GetConfig, GetConfigJSON, UpdateConfig, CreateConfig, ListCategories, Reload, ModuleLoad',
  ],
  ['command', 'Command', 'Originate, ModuleLoad, GetConfig'],
  ['agi', 'AGI', 'Command'],
  [
    'originate',
    'Originate, Originate | Exten: 1 | Variable: CALLERID(name)=x | Variable: X=1,Y=2',
    'Originate | Application: System | Data: id, Originate | application: Dial, Originate | Data: x, Originate | Variable: FILE(/etc/passwd)=x, Originate | Variable: X=1,SHELL(id)=2, Originate | Variable: X=${SHELL(id)}, Command',
  ],
  [
    'OriginateApplication',
    'Originate, Originate | Application: Echo, originate | application: Playback | Data: x',
    'Command, Hangup',
  ],
  [
    'all',
    'Hangup, Status, Redirect, UserEvent, QueueAdd, MessageSend, AOCMessage, CoreStatus, Filter, ShowDialPlan',
    'Originate, Command, AGI, GetConfig, UpdateConfig, CreateConfig, ModuleLoad, Reload, DBPut, DBDel, DBDelTree, Setvar, MixMonitor, Monitor, ConfbridgeStartRecord, BridgeDestroy, QueueWithdrawCaller, DialplanExtensionAdd, PJSIPShowAuths, PJSIPShowEndpoint, SorceryMemoryCacheExpire, JabberSend, QueueReload',
  ],
  ['all originate', 'Originate | Channel: SIP/202', 'Originate | Application: System, Command'],
  ['call DBPut setvar', 'DBPut, dbput, Setvar, Hangup', 'DBDel, MixMonitor'],
  ['MixMonitorMute filter', 'MixMonitorMute, Filter', 'Hangup, MixMonitor'],
  ['Getvar', 'Getvar | Variable: SHELL(id)', 'Setvar'],
  [
    'reporting call',
    'Getvar | Variable: CDR(billsec), Getvar | Variable: X, Getvar | variable: CHANNEL(state), Status | Variables: X,CDR(src), status',
    'Getvar | Variable: SHELL(id), Getvar | Variable: FILE(/etc/passwd), Getvar | Variable: shell (id), Getvar | VARIABLE: EVAL(x), Getvar | Variable: CDR(${SHELL(id)}), Status | Variables: X,SHELL(id), Status | variables: FILE(/etc/shadow), Getvar | Variable: DB(x/y), Getvar | Variable: AST_CONFIG(sip.conf,202,secret), Getvar | Variable: ENV(HOME), Getvar | Variable: CURL(http://x), Getvar | Variable: VM_INFO(202,password)',
  ],
  ['NoSuchAction', 'NoSuchAction, nosuchaction', 'Command'],
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: the end of the table

describe('rights', () => {
  test.each(TABLE)('write=%s', async (write, allowed, refused) => {
    const user = await userWith(write);
    // A comma inside of a header's value stands without a blank behind it.
    expect(allowed.split(', ').filter((line) => !may(user, line))).toEqual([]);
    expect(refused.split(', ').filter((line) => may(user, line))).toEqual([]);
  });

  test('a second header that says otherwise is looked at, too', async () => {
    const user = await userWith('reporting call');
    expect(may(user, 'Getvar | Variable: X | Variable: SHELL(id)')).toBe(false);
    expect(may(user, 'Getvar | Variable:SHELL(id)')).toBe(false);
  });

  test('an action that nobody knows is no action; those of Asterisk are, in any case', () => {
    expect(['Nonsense', '', 'Ping ', 'constructor', '__proto__', 'toString'].filter(isAction)).toEqual([]);
    expect(['Command', 'command', 'ORIGINATE', 'dbput', 'AGI'].filter((name) => !isAction(name))).toEqual([]);
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('%s is nobody’s right', async (name) => {
    expect(mayForward(await userWith('all originate command'), name, null)).toBe(false);
    expect(isClass(name)).toBe(false);
  });
});

describe('classes and masks', () => {
  test.each([
    ['cdr,call', 'call,cdr'],
    [' CDR , Call ', 'call,cdr'],
    ['nonsense', ''],
    ['nonsense,dtmf', 'dtmf'],
    ['', ''],
  ])('%s', (text, expected) => expect(namesOf(classesOf(text)).join()).toBe(expected));

  test('all is every class with a name', () => expect(namesOf(classesOf('all'))).toHaveLength(19));

  test.each([
    ['', null],
    ['off', ''],
    ['No', ''],
    ['0', ''],
    ['3', 'system,call'],
    ['1024', 'cdr'],
    ['16384', ''], // a bit without a name
    ['foo', ''],
    ['cdr', 'cdr'],
    ['call,foo', 'call'],
  ])('mask %s', (text, expected) => {
    const mask = maskOf(text);
    expect(mask === null ? null : namesOf(mask).join()).toBe(expected);
  });

  test.each(['on', 'Yes', 'true', 'all', '1048575'])('mask %s is all', (text) =>
    expect(maskOf(text)).toBe(classesOf('all')),
  );
});
