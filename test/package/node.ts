/**
 * The Node that goes into packages: its makers' own build, as the registry has it, pinned in node.json by version and
 * SHA-512 and kept outside the checkout. It is asked for once; what is kept is proven each time.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import pinned from './node.json' with { type: 'json' };

export const NODE_ARCHITECTURES = ['amd64', 'arm64'] as const;
export type NodeArchitecture = (typeof NODE_ARCHITECTURES)[number];

export interface NodeInside {
  readonly version: string;
  /** Hexadecimal, of the package as it was published. */
  readonly sha512: string;
  /** The program. */
  readonly binary: string;
  readonly licence: string;
  readonly purl: string;
}

const KEPT = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'cdrd', 'node');

/** @param into Folder that it is unpacked into. @throws when its bytes are not those that are pinned. */
export function nodeFor(architecture: NodeArchitecture, into: string): NodeInside {
  const { version } = pinned;
  const { name, integrity } = pinned.packages[architecture];
  const file = join(KEPT, `${name}-${version}.tgz`);
  if (!existsSync(file)) fetched(`${name}@${version}`, file);
  const sum = createHash('sha512').update(readFileSync(file)).digest();
  if (`sha512-${sum.toString('base64')}` !== integrity)
    throw new Error(`${file} is not what test/package/node.json pins: remove it, and ask where it came from`);
  mkdirSync(into, { recursive: true });
  execFileSync('tar', ['-xzf', file, '-C', into, '--strip-components=1', 'package/bin/node', 'package/LICENSE']);
  return {
    version,
    sha512: sum.toString('hex'),
    binary: join(into, 'bin/node'),
    licence: join(into, 'LICENSE'),
    purl: `pkg:npm/${name}@${version}`,
  };
}

/** A download that breaks off leaves nothing under the name. */
function fetched(asked: string, file: string): void {
  mkdirSync(KEPT, { recursive: true });
  const part = mkdtempSync(join(KEPT, 'part-'));
  try {
    process.stderr.write(`fetching ${asked}\n`);
    execFileSync('npm', ['pack', '--silent', asked, '--pack-destination', part], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [, name = '', version = ''] = /^(.+)@(.+)$/.exec(asked) ?? [];
    renameSync(join(part, `${name}-${version}.tgz`), file);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}
