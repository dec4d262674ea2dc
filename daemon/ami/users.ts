/**
 * Users of the AMI that we offer: name, secret, classes, and where they may come from. Their secrets must be recoverable
 * (a client may log in by MD5 challenge), so they lie in `state.dir/secret/ami-users.json`, 0600, and never in the store.
 * Changed at run time: who is logged in goes on with the new rights, who was removed is dropped.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { atomicWrite } from '../../storage/atomic-write.ts';
import { durableFolder } from '../../storage/durable-folder.ts';
import { asDiskFault } from '../../storage/errors.ts';
import { isLoopback, isPermit, permitter } from '../../storage/model/address.ts';
import { ownNetworks } from '../own-networks.ts';
import { ALL_CLASSES, type Classes, classesOf, isClass } from './classes.ts';

/** Users at a time: one a program, and some. */
const USERS_MAX = 50;
/** Permitted ranges of one user. */
const PERMITS_MAX = 32;
const SECRET_MAX = 80;

/** As it is kept and shown, but for the secret. */
export interface AmiUserDefinition {
  readonly name: string;
  readonly secret: string;
  /** Classes whose events it gets: `cdr,call`, `all`. */
  readonly read: readonly string[];
  /** Classes whose actions it may send, and names of actions that no class grants: see actions.ts. */
  readonly write: readonly string[];
  /** Ranges in CIDR, `local`, `all`; none: the box itself alone. */
  readonly permit: readonly string[];
  /** Headers beyond the guide's in the events that we make. */
  readonly extras: boolean;
}

/** With what is asked of it for every event and action worked out. */
export interface AmiUser extends AmiUserDefinition {
  readonly readClasses: Classes;
  readonly writeClasses: Classes;
  /** Actions granted by name, lower case. */
  readonly granted: ReadonlySet<string>;
  /** Whether it may come from there. @param address '' for a local socket. */
  permits(address: string): boolean;
}

export interface AmiUsers {
  get(name: string): AmiUser | undefined;
  list(): readonly AmiUser[];
  /** Makes or changes one, durably. @throws {AmiUserError} */
  set(definition: AmiUserDefinition): Promise<void>;
  /** @returns whether there was one. */
  remove(name: string): Promise<boolean>;
  /** Called after each change with the name. */
  onChange(listener: (name: string) => void): void;
}

/** What is wrong with a definition; the message names it. */
export class AmiUserError extends Error {
  override readonly name = 'AmiUserError';
  /** The field that is wrong; undefined: none is, there are too many users. */
  readonly parameter: string | undefined;
  constructor(message: string, parameter?: string) {
    super(message);
    this.parameter = parameter;
  }
}

const WORD = v.pipe(
  v.string(),
  v.check(
    (word) => /^[A-Za-z0-9]{1,40}$/.test(word),
    ({ input }) => `${String(input).slice(0, 40)} is no name of a class or an action`,
  ),
);
const DEFINITION = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,64}$/, 'the user name must be 1 to 64 letters, digits, . _ -')),
  secret: v.pipe(
    v.string(),
    v.check(
      (text) => text.length >= 1 && text.length <= SECRET_MAX && !/\p{Cc}/u.test(text),
      `the secret must be 1 to ${SECRET_MAX} characters without line breaks`,
    ),
  ),
  read: v.array(
    v.pipe(
      WORD,
      v.check(isClass, ({ input }) => `read: ${input} is no class of events`),
    ),
  ),
  write: v.array(WORD),
  permit: v.pipe(v.array(v.string()), v.maxLength(PERMITS_MAX, `at most ${PERMITS_MAX} permitted ranges`)),
  extras: v.boolean(),
});
const FILE = v.array(DEFINITION);

/** @throws when the file is there and isn't what we wrote: guessing who may log in would be worse than not starting. */
export async function openAmiUsers(stateDir: string): Promise<AmiUsers> {
  const path = join(stateDir, 'secret', 'ami-users.json');
  const users = new Map((await read(path)).map((user) => [user.name, user]));
  let listener: (name: string) => void = () => {};
  /** One write after the other: the file is whole whoever comes first. */
  let writing: Promise<unknown> = Promise.resolve();

  function change<T>(work: () => Promise<T>): Promise<T> {
    const done = writing.then(work);
    writing = done.catch(() => {});
    return done;
  }

  async function keep(next: ReadonlyMap<string, AmiUser>, name: string): Promise<void> {
    const definitions = [...next.values()].map(
      ({ name, secret, read, write, permit, extras }): AmiUserDefinition => ({
        name,
        secret,
        read,
        write,
        permit,
        extras,
      }),
    );
    try {
      await durableFolder(dirname(path), 0o700);
      await chmod(dirname(path), 0o700);
      await atomicWrite(path, `${JSON.stringify(definitions, null, 1)}\n`, 0o600);
    } catch (error) {
      throw asDiskFault(error, 'writing the AMI users');
    }
    users.clear();
    for (const [each, user] of next) users.set(each, user);
    listener(name);
  }

  return {
    get: (name) => users.get(name),
    list: () => [...users.values()],
    set: (definition) =>
      change(async () => {
        const user = userOf(definition);
        if (!users.has(user.name) && users.size >= USERS_MAX)
          throw new AmiUserError(`there are ${USERS_MAX} AMI users already: remove one first`);
        await keep(new Map([...users, [user.name, user]]), user.name);
      }),
    remove: (name) =>
      change(async () => {
        if (!users.has(name)) return false;
        await keep(new Map([...users].filter(([each]) => each !== name)), name);
        return true;
      }),
    onChange(heard) {
      listener = heard;
    },
  };
}

async function read(path: string): Promise<AmiUser[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
  try {
    return v.parse(FILE, JSON.parse(text)).map(userOf);
  } catch (error) {
    throw new Error(`${path} is damaged: remove it and set the AMI users anew`, { cause: error });
  }
}

/** @throws {AmiUserError} */
function userOf(definition: AmiUserDefinition): AmiUser {
  const checked = v.safeParse(DEFINITION, definition);
  if (!checked.success) {
    const [issue] = checked.issues;
    throw new AmiUserError(issue.message, String(issue.path?.[0].key));
  }
  const { read, write, permit } = checked.output;
  const classWords = write.filter(isClass);
  return {
    ...checked.output,
    readClasses: classesOf(read.join(',')),
    writeClasses: writeClasses(classWords),
    granted: new Set(write.filter((word) => !isClass(word)).map((word) => word.toLowerCase())),
    permits: permitsOf(permit),
  };
}

/** `all` leaves out what can spend money or change the box: that is granted when it is named. */
function writeClasses(words: readonly string[]): Classes {
  const named = classesOf(words.filter((word) => word.toLowerCase() !== 'all').join(','));
  const all = words.some((word) => word.toLowerCase() === 'all');
  return named | (all ? ALL_CLASSES & ~NAMED_ALONE : 0);
}

const NAMED_ALONE = classesOf('originate,command,config,agi');

/** @throws {AmiUserError} */
function permitsOf(ranges: readonly string[]): (address: string) => boolean {
  const bad = ranges.find((range) => !isPermit(range));
  if (bad !== undefined)
    throw new AmiUserError(`permit: ${bad} must be local, all, an address or a range such as 192.168.1.0/24`, 'permit');
  const permitted = ranges.length === 0 ? isLoopback : permitter(ranges, { ownNetworks });
  // The local socket's own permissions have let it in.
  return (address) => address === '' || permitted(address);
}

/** Compares in a time that tells nothing of the secret. @param user undefined: nobody of that name, which takes as long. */
export function secretMatches(
  user: AmiUser | undefined,
  given: { secret: string } | { challenge: string; key: string },
) {
  const secret = user?.secret ?? NOBODYS_SECRET;
  const [wanted, sent] =
    'secret' in given
      ? [secret, given.secret]
      : [
          createHash('md5')
            .update(given.challenge + secret)
            .digest('hex'),
          given.key.toLowerCase(),
        ];
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const same = timingSafeEqual(digest(wanted), digest(sent));
  return user !== undefined && secret !== '' && same;
}

/** As long as people's are: hashing it takes as long. */
const NOBODYS_SECRET = randomBytes(12).toString('base64url');
