/** cdrd's user in Asterisk's manager.conf, which holds secrets and is root's to read: its secret and its rights. */
import { join } from 'node:path';
import type { Config } from '../../config.ts';
import { asText, type Found, firstSections, lastOf, readTextHere, readTree } from '../../setup/asterisk-tree.ts';
import { type Finding, fault } from '../finding.ts';
import { inTurn, restartCdrd, SETUP, word } from '../mend.ts';

/** Of Asterisk's configuration. */
export const ETC = '/etc/asterisk';
const RELOAD = 'asterisk -rx "manager reload"';

/** What it must have, and what a command writes in its place. */
const NEEDED = {
  read: { classes: ['cdr', 'call', 'system'], whole: 'all' },
  write: { classes: ['system', 'call', 'reporting'], whole: 'system,call,reporting' },
} as const;

/** Only what is wrong: what Asterisk itself says of it stays otherwise. */
export function managerFindings({ asterisk }: Pick<Config, 'asterisk'>, etc = ETC): readonly Finding[] {
  const main = join(etc, 'manager.conf');
  if (readTextHere(main) === null) return [];
  const tree = firstSections(readTree(main, etc, readTextHere)); // as Asterisk looks its users up
  const user = asterisk.username;
  if (!tree.sections.includes(user))
    return [
      fault('asterisk.secret', `Asterisk has no AMI user ${user} (manager.conf): it does not let cdrd in`, SETUP),
    ];
  const secret = lastOf(tree, user, 'secret');
  const differs = secret !== undefined && asText(secret.value) !== asterisk.secret;
  return [
    ...(differs
      ? [
          fault(
            'asterisk.secret',
            `the secret of ${user} in ${secret.file}:${secret.line} is another one than asterisk.secret in cdrd.toml: Asterisk does not let cdrd in`,
            SETUP,
          ),
        ]
      : []),
    ...rights(user, (key) => lastOf(tree, user, key)),
  ];
}

/** Both kinds of rights in one line, and what is written for both in one command. */
function rights(user: string, find: (key: keyof typeof NEEDED) => Found | undefined): readonly Finding[] {
  const lacks = (['read', 'write'] as const).flatMap((key) => lacking(key, find(key)));
  if (lacks.length === 0) return [];
  const edits = lacks.flatMap(({ edit }) => edit ?? []);
  // Where nothing stands, the whole section is somebody's own: where in it, only a person can say.
  // A session has the rights of its log-in.
  const mend = edits.length > 0 ? inTurn(...edits, RELOAD, restartCdrd()) : null;
  return [
    fault('asterisk.rights', `[${user}] in manager.conf lacks ${lacks.map(({ says }) => says).join('; ')}`, mend),
  ];
}

function lacking(
  key: keyof typeof NEEDED,
  found: Found | undefined,
): readonly { readonly says: string; readonly edit: string | null }[] {
  const { classes, whole } = NEEDED[key];
  const has = (found?.value ?? '').split(',').map((each) => each.trim().toLowerCase());
  const missing = has.includes('all') ? [] : classes.filter((each) => !has.includes(each));
  if (missing.length === 0) return [];
  const edit = found ? `sed -i ${word(`${found.line}s/.*/${key} = ${whole}/`)} ${word(found.file)}` : null;
  const what = key === 'read' ? 'records or channels are not told' : "settings, pauses or lists don't reach Asterisk";
  return [{ says: `${key} = ${missing.join(',')}: ${what}`, edit }];
}
