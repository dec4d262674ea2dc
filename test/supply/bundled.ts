/** Which packages are in the bundle: what esbuild says it put there, as the lock file pins it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The part of esbuild's metafile that is read. */
export interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

export interface LockedPackage {
  readonly version?: string;
  /** `sha512-…`, base64, of the package as it was published. */
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export interface BundledPackage {
  /** Its place in the lock file: `node_modules/tsyringe/node_modules/tslib`. */
  readonly place: string;
  readonly name: string;
  readonly version: string;
  /** SPDX identifier, as its own package.json has it. */
  readonly licence: string;
  readonly sha512: string;
  /** Places of the bundled packages that it asks for. */
  readonly needs: readonly string[];
  /** Its licence and notices, as it ships them. */
  readonly texts: readonly string[];
}

const PLACE = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/;

/** In order of place, so that the same bundle gives the same list. @throws for one that is not pinned or has no licence. */
export function bundledPackages(meta: Metafile, lock: Lock, root: string): BundledPackage[] {
  const inputs = Object.values(meta.outputs).flatMap((output) => Object.entries(output.inputs));
  const places = new Set(
    inputs.flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? (PLACE.exec(input)?.[0] ?? []) : [])),
  );
  return [...places].sort().map((place) => {
    const locked = lock.packages[place];
    const [, sum] = /^sha512-([A-Za-z0-9+/=]+)$/.exec(locked?.integrity ?? '') ?? [];
    if (!locked?.version || !sum) throw new Error(`${place} is in the bundle and not pinned by its SHA-512`);
    const folder = join(root, place);
    const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
    if (about['version'] !== locked.version) throw new Error(`${place} is not the version of the lock file`);
    const texts = readdirSync(folder)
      .filter((name) => /^(licen[cs]e|notice|copying|copyright)/i.test(name))
      .sort()
      .map((name) => readFileSync(join(folder, name), 'utf8').replace(/\r\n/g, '\n').trim());
    const licence = about['license'];
    if (typeof licence !== 'string' || texts.length === 0) throw new Error(`${place} says nothing of its licence`);
    return {
      place,
      name: PLACE.exec(place)?.[1] ?? place,
      version: locked.version,
      licence,
      sha512: Buffer.from(sum, 'base64').toString('hex'),
      needs: Object.keys(locked.dependencies ?? {})
        .flatMap((name) => resolved(place, name, places) ?? [])
        .sort(),
      texts,
    };
  });
}

/** As Node finds it: in the asker's own folder, then in each above. */
function resolved(from: string, name: string, places: ReadonlySet<string>): string | null {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    const place = `${folder}/node_modules/${name}`;
    if (places.has(place)) return place;
    if (!folder.includes('/node_modules/')) break;
  }
  return places.has(`node_modules/${name}`) ? `node_modules/${name}` : null;
}
