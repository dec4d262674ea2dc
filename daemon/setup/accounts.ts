/** Users and groups of this system, by /etc/passwd and /etc/group: those of a box's own services are nowhere else. */
import { readFileSync } from 'node:fs';

/** Of a group; undefined: there is none. */
export function groupId(name: string): number | undefined {
  const id = fieldsOf('/etc/group', name)?.[2];
  return id === undefined ? undefined : Number(id);
}

/** Of a user, with its first group; undefined: there is none. */
export function accountIds(name: string): { readonly uid: number; readonly gid: number } | undefined {
  const fields = fieldsOf('/etc/passwd', name);
  return fields && { uid: Number(fields[2]), gid: Number(fields[3]) };
}

function fieldsOf(file: string, name: string): string[] | undefined {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.find((line) => line.startsWith(`${name}:`))?.split(':');
}
