/** The list of recordings that 20036 and 20054 share (guide 2.3, tables 5 and 6), and its files on the medium. */
import { required, Wrong } from '../fields.ts';
import { CgiError, type ReplyFile } from '../reply.ts';
import type { RecordingFiles } from './port.ts';

/** Paths in one request: what a form body holds at most is 60,000; each costs some hundred bytes until it is answered. */
const PATHS_MAX = 20_000;

/** Paths as 20053 gives them; each once. */
export const wavefiles = required('paths as 20053 gives them, joined by ;', (text): readonly string[] => {
  const paths = new Set(text.split(';').map((path) => path.trim()));
  paths.delete('');
  if (paths.size === 0) throw new Wrong('names no recording');
  if (paths.size > PATHS_MAX) throw new Wrong(`names over ${PATHS_MAX} recordings`);
  return [...paths];
});

export interface FoundFile {
  /** Its own, not as it was asked for. */
  readonly path: string;
  readonly file: ReplyFile;
}

export interface FoundFiles {
  readonly found: readonly FoundFile[];
  /** As they were asked for. */
  readonly missing: readonly string[];
}

/**
 * Looks at all of them before anything is done with one.
 * @throws {CgiError} `invalid` for one that leads out, `storage_offline`
 */
export async function findFiles(files: RecordingFiles, paths: readonly string[]): Promise<FoundFiles> {
  const { found, missing } = await findSpelled(paths, (tried) => files.look(tried));
  return { found: found.map(([path, file]) => ({ path, file })), missing };
}

/**
 * Paths as they are really spelled. Simple clients make their own of a name: a + that was not encoded arrives as a blank,
 * and the guide's own examples have blanks where its lines were broken. One of exactly that name comes first.
 * @param look What is known of each; null: there is none.
 * @throws {CgiError} what `look` throws
 */
export async function findSpelled<Known>(
  paths: readonly string[],
  look: (paths: readonly string[]) => Promise<readonly (Known | null)[]>,
): Promise<{
  readonly found: readonly (readonly [path: string, known: Known])[];
  readonly missing: readonly string[];
}> {
  const own = new Map<string, readonly [path: string, known: Known]>();
  let wanted = paths.map((asked) => ({ asked, path: asked }));
  for (const spelled of [asSent, plusForBlank, withoutBlanks]) {
    const all = wanted.map(({ asked }) => ({ asked, path: spelled(asked) }));
    const tried = spelled === asSent ? all : all.filter(({ asked, path }) => asked !== path);
    const looked = await named(look(tried.map(({ path }) => path)));
    tried.forEach(({ asked, path }, index) => {
      const known = looked[index];
      if (known !== null && known !== undefined) own.set(asked, [path, known]);
    });
    wanted = wanted.filter(({ asked }) => !own.has(asked));
    if (!wanted.some(({ asked }) => asked.includes(' '))) break;
  }
  // In the order asked; two spellings may be of one file.
  const found = new Map<string, readonly [path: string, known: Known]>();
  for (const asked of paths) {
    const one = own.get(asked);
    if (one) found.set(one[0], one);
  }
  return { found: [...found.values()], missing: wanted.map(({ asked }) => asked) };
}

const asSent = (path: string) => path;
const plusForBlank = (path: string) => path.replaceAll(' ', '+');
const withoutBlanks = (path: string) => path.replaceAll(' ', '');

/** A path that leads out is the parameter's fault. */
async function named<Answer>(looking: Promise<Answer>): Promise<Answer> {
  try {
    return await looking;
  } catch (error) {
    if (!(error instanceof CgiError) || error.code !== 'invalid') throw error;
    throw new CgiError('invalid', error.message, 'wavefiles');
  }
}
