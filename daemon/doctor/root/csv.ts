/** Whether Asterisk's own user can write the CDR CSV: by opening it, nothing is written. */
import { closeSync, existsSync, openSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Finding, fault } from '../finding.ts';
import { inTurn, word } from '../mend.ts';
import { as, groupName, type Identity, userName } from './accounts.ts';

/** Only what is wrong: that it is read, and grows, the daemon tells. */
export function csvFindings(path: string, asterisk: Identity & { readonly umask: number }): readonly Finding[] {
  const folder = dirname(path);
  if (!existsSync(folder)) return [];
  try {
    as(asterisk, asterisk.umask, () => {
      if (existsSync(path)) return closeSync(openSync(path, 'a'));
      const probe = join(folder, `.cdrd-probe-${process.pid}`);
      closeSync(openSync(probe, 'wx', 0o600));
      unlinkSync(probe);
    });
    return [];
  } catch (error) {
    const owner = `${userName(asterisk.uid)}:${groupName(asterisk.gid)}`;
    const files = existsSync(path) ? [folder, path] : [folder];
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const mode = (statSync(folder).mode & 0o7777).toString(8);
    return [
      fault(
        'cdr.csv',
        `Asterisk's user can't write ${path} (${code}; its folder is mode ${mode}): records missed while cdrd is away are lost`,
        code === 'ENOSPC' || isShared(folder)
          ? null
          : inTurn(`chown ${word(owner)} ${files.map(word).join(' ')}`, `chmod u+rwx,g+rx ${word(folder)}`),
      ),
    ];
  }
}

/** Whether others have theirs in it, as in /var/log: then it is nobody's to give away. Asterisk's folders of CSVs hold files. */
function isShared(folder: string): boolean {
  return readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isDirectory());
}
