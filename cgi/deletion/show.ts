/** What a deletion tells of itself, and who may see and undo which kind. */
import { may, type Role } from '../../storage/model/rights.ts';
import type { Deletion, DeletionKind } from '../../storage/store.ts';
import type { DeletionRow } from '../contract.ts';
import { field, Wrong } from '../fields.ts';
import { CgiError } from '../reply.ts';
import type { Asking, Services } from '../verb.ts';

/** Who may delete may see and undo. */
const RIGHT = { call: 'cdr.delete', recording: 'recording.delete' } as const;
const KIND_ON_WIRE = { call: 'calls', recording: 'recordings' } as const;
const STATES_UNDER_WAY: readonly string[] = ['deleting', 'restoring', 'erasing'];
/** Paths of a deletion of recordings that are shown. */
const PATHS_SHOWN = 20;

/** The token that a deletion has answered with. */
export const undoToken = (about: string) =>
  field(about, (text) => {
    if (text === '') return undefined;
    if (!/^[A-Za-z0-9_-]{8,64}$/.test(text)) throw new Wrong('must be what a deletion answered as undo');
    return text;
  });

export function kindsOf(role: Role): DeletionKind[] {
  return (['call', 'recording'] as const).filter((kind) => may(role, RIGHT[kind]));
}

/** @throws {CgiError} `not_found`; `denied` for a kind that is not the caller's to delete. */
export async function deletionOf(token: string, { store }: Services, { caller }: Asking): Promise<Deletion> {
  const deletion = await store.ask('deletion', token);
  if (!deletion) throw new CgiError('not_found', 'no deletion has this token', 'undo');
  if (!caller || !may(caller.role, RIGHT[deletion.kind]))
    throw new CgiError('denied', `${caller?.user ?? 'nobody'} may not delete ${KIND_ON_WIRE[deletion.kind]}`);
  return deletion;
}

/** What an answer adds whose asker could not be kept waiting for the end: that it goes on, and where to watch it. */
export function whileUnderWay({ state, token }: Deletion): { readonly running?: true; readonly watch?: string } {
  return STATES_UNDER_WAY.includes(state) ? { running: true, watch: `/cgi/webserve/30004?&undo=${token}` } : {};
}

export function shown(deletion: Deletion, { zone }: Pick<Services, 'zone'>): DeletionRow {
  const { token, kind, state, who, at, expiresAt, count, bytes } = deletion;
  return {
    undo: token,
    kind: KIND_ON_WIRE[kind],
    state,
    running: STATES_UNDER_WAY.includes(state),
    who,
    when: zone.text(at),
    expires: zone.text(expiresAt),
    count,
    ...(kind === 'recording' && { bytes }),
    what: whatOf(deletion),
  };
}

/** In the API's own parameters. */
function whatOf({ kind, content }: Deletion): Record<string, unknown> {
  if (kind === 'call') return (content as { what?: Record<string, string> }).what ?? {};
  const paths = Array.isArray(content) ? content : (content as { paths?: unknown } | null)?.paths;
  return Array.isArray(paths) ? { wavefiles: paths.slice(0, PATHS_SHOWN).join(';') } : {};
}
