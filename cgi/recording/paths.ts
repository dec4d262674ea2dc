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
  const own = new Map<string, FoundFile>();
  let wanted = paths.map((asked) => ({ asked, path: asked }));
  // What simple clients make of a name: a + that was not encoded arrives as a blank, and the guide's own examples have
  // blanks where its lines were broken. A file of exactly that name comes first.
  for (const spelled of [asSent, plusForBlank, withoutBlanks]) {
    const tried = wanted.map(({ asked }) => ({ asked, path: spelled(asked) }));
    const looked = await look(files, spelled === asSent ? tried : tried.filter(({ asked, path }) => asked !== path));
    for (const [asked, found] of looked) own.set(asked, found);
    wanted = wanted.filter(({ asked }) => !own.has(asked));
    if (!wanted.some(({ asked }) => asked.includes(' '))) break;
  }
  const found = new Map(paths.flatMap((asked) => own.get(asked) ?? []).map((each) => [each.path, each]));
  return { found: [...found.values()], missing: wanted.map(({ asked }) => asked) };
}

const asSent = (path: string) => path;
const plusForBlank = (path: string) => path.replaceAll(' ', '+');
const withoutBlanks = (path: string) => path.replaceAll(' ', '');

async function look(
  files: RecordingFiles,
  wanted: readonly { readonly asked: string; readonly path: string }[],
): Promise<(readonly [asked: string, found: FoundFile])[]> {
  try {
    const looked = await files.look(wanted.map(({ path }) => path));
    return wanted.flatMap(({ asked, path }, index) => {
      const file = looked[index];
      return file ? [[asked, { path, file }] as const] : [];
    });
  } catch (error) {
    if (!(error instanceof CgiError) || error.code !== 'invalid') throw error;
    throw new CgiError('invalid', error.message, 'wavefiles');
  }
}
