/**
 * Key and certificate of HTTPS: `secret/tls.key` and `secret/tls.crt`. A box makes its own at first; an owner replaces the
 * two files, and the next look takes them, without a restart. A pair that can't be used is never taken: the one before goes
 * on, and the log and /healthz say why.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { basename, join } from 'node:path';
import { atomicWrite } from '../../storage/atomic-write.ts';
import type { Log } from '../log.ts';
import { CLOCK_FLOOR, isDue, type Names, OWN_MARK, RENEW_DAYS, selfSigned } from './self-signed.ts';

/** What TLS works with, PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateState {
  readonly state: 'ok' | 'fault';
  readonly why: string | null;
  /** Made by the box itself, not given by its owner. */
  readonly selfSigned: boolean;
  /** Epoch milliseconds. */
  readonly ends: number;
}

export interface Certificate {
  readonly current: KeyAndCertificate;
  state(): CertificateState;
  /** Called with each pair that takes the place of another. @returns what ends that. */
  onChange(listener: (pair: KeyAndCertificate) => void): () => void;
  /** Looks at the files now; the timer does so by itself. */
  look(): Promise<void>;
  /** Takes this pair in place of the files. @throws {PairError} for what is wrong with it; what writing throws. */
  install(pair: KeyAndCertificate): Promise<void>;
  /** Makes a pair of the box's own in their place, with a new key. @throws what writing throws. */
  renew(): Promise<void>;
  close(): void;
}

export interface CertificateOptions {
  /** The folder `secret`, which exists. */
  readonly dir: string;
  readonly log: Log;
  /** What a certificate of our own names. */
  names(): Names;
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds between two looks: two stat calls. */
  readonly lookMs?: number;
}

interface Pair extends KeyAndCertificate {
  readonly own: boolean;
  readonly from: number;
  readonly until: number;
  readonly privateKey: KeyObject;
  readonly x509: X509Certificate;
}

/**
 * Whether it bears the names by which the owner has the box known, and its addresses of IPv4: they may have come after it was
 * made, as the network comes after a start. Those of IPv6 it bears, too, but many change every day, and with each new
 * certificate browsers ask again.
 */
function isNamed({ x509 }: Pair, { listed = [], addresses }: Names): boolean {
  return (
    listed.every((name) => x509.checkHost(name) !== undefined) &&
    addresses.every((address) => !isIPv4(address) || x509.checkIP(address) !== undefined)
  );
}

/** What the files look like without reading them. */
interface Seen {
  readonly mark: string;
  readonly key: boolean;
  readonly cert: boolean;
}

/** Bytes of a file: a long chain of certificates has 20 KB. */
const FILE_MAX = 262_144;
const LOOK_MS = 10_000;

/** What is wrong with the files, in words for the log and /healthz. */
export class PairError extends Error {}

/** Never fails for what the files hold: HTTPS must be there for whoever shall put them right. */
export async function openCertificate(options: CertificateOptions): Promise<Certificate> {
  const { dir, log, names, now, lookMs = LOOK_MS } = options;
  const { createSecureContext } = await import('node:tls');
  const paths = { key: join(dir, 'tls.key'), cert: join(dir, 'tls.crt'), both: join(dir, 'tls.new') };
  const listeners = new Set<(pair: KeyAndCertificate) => void>();
  /** Files as they were when taken; as they could not be used at the last look; as they were complained about. */
  const marks = { taken: '', doubtful: '', refused: '' };
  const faults: { files: string | null; disk: string | null } = { files: null, disk: null };
  let told = '';

  async function readPair(): Promise<Pair> {
    const [key, cert] = [await readText(paths.key), await readText(paths.cert)];
    const pair = parsePair(key, cert);
    try {
      createSecureContext({ key, cert });
    } catch (error) {
      throw new PairError(`tls.key and tls.crt can't be used: ${(error as Error).message}`);
    }
    return pair;
  }

  const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

  async function signed(privateKey: KeyObject): Promise<Pair> {
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return parsePair(key, await selfSigned(privateKey, names(), now()));
  }

  /** A certificate for the key that is there, or for a new one. The key is stored first: a kill leaves no odd pair. */
  async function makePair(known: KeyObject | null): Promise<Pair> {
    const pair = await signed(known ?? newKey());
    faults.disk = null;
    try {
      if (!known) await atomicWrite(paths.key, pair.key, 0o600);
      await atomicWrite(paths.cert, pair.cert, 0o600);
    } catch (error) {
      faults.disk = `a certificate was made and could not be stored (${(error as NodeJS.ErrnoException).code})`;
      log.warn('a certificate was made and could not be stored', { error });
    }
    log.info('a self-signed certificate was made', { until: new Date(pair.until).toISOString() });
    return pair;
  }

  /** Takes the pair that these files give, or are completed to. @throws what is wrong with them. */
  async function take({ key, cert, mark }: Seen): Promise<Pair> {
    const whole = key && cert;
    if (cert && !key) throw new PairError('tls.crt is there and tls.key is not');
    const pair = whole ? await readPair() : await makePair(key ? parseKey(await readText(paths.key)) : null);
    // Of files that were read, as they were before: whatever changed since is seen at the next look.
    Object.assign(marks, { taken: whole ? mark : (await see()).mark, doubtful: '', refused: '' });
    faults.files = null;
    return pair;
  }

  function refuse({ mark }: Seen, error: unknown): void {
    faults.files = (error as Error).message;
    marks.refused = mark;
    log.warn('the files of the certificate can not be used, another goes on', { reason: faults.files });
  }

  /** One that is put in by a page: as one file first, so that a kill leaves the old pair or the new one, and no mixture. */
  async function put({ key, cert }: KeyAndCertificate): Promise<void> {
    await atomicWrite(paths.both, JSON.stringify({ key, cert }), 0o600);
    await settle();
  }

  /** Ends what a kill has interrupted. */
  async function settle(): Promise<void> {
    const text = await readFile(paths.both, 'utf8').catch(() => null);
    if (text === null) return;
    const { key, cert } = JSON.parse(text) as KeyAndCertificate;
    await atomicWrite(paths.key, key, 0o600);
    await atomicWrite(paths.cert, cert, 0o600);
    await rm(paths.both, { force: true });
  }

  /** One at a time with the looks: they must not take half of it for a fault. */
  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  }

  async function replace(pair: KeyAndCertificate): Promise<void> {
    const checked = parsePair(pair.key, pair.cert);
    createSecureContext({ key: pair.key, cert: pair.cert });
    await put(pair);
    Object.assign(marks, { taken: (await see()).mark, doubtful: '', refused: '' });
    Object.assign(faults, { files: null, disk: null });
    use(checked);
    log.info('the certificate of HTTPS was replaced', { ends: new Date(checked.until).toISOString() });
  }

  async function first(): Promise<Pair> {
    await settle().catch((error: unknown) => log.warn('a new certificate could not be put in its place', { error }));
    const seen = await see();
    try {
      return await take(seen);
    } catch (error) {
      refuse(seen, error);
      return signed(newKey()); // for this run, and not stored: what the owner has put there is not overwritten
    }
  }

  async function see(): Promise<Seen> {
    const [key = null, cert = null] = await Promise.all([markOf(paths.key), markOf(paths.cert)]);
    return { mark: `${key} ${cert}`, key: key !== null, cert: cert !== null };
  }

  function use(pair: Pair): void {
    current = pair;
    for (const listener of listeners) listener(pair);
  }

  async function look(): Promise<void> {
    const seen = await see();
    if (seen.mark === marks.taken) {
      Object.assign(marks, { doubtful: '', refused: '' });
      faults.files = null;
      if (current.own && (isDue(current, now()) || !isNamed(current, names()))) {
        use(await makePair(current.privateKey));
        marks.taken = (await see()).mark;
      }
    } else if (seen.mark !== marks.refused) await tryNew(seen);
    warnOfEnd();
  }

  /** Two files are not replaced at one moment: they are refused, or completed, only when they have held still. */
  async function tryNew(seen: Seen): Promise<void> {
    const still = seen.mark === marks.doubtful;
    marks.doubtful = seen.mark;
    if (!still && !(seen.key && seen.cert)) return;
    try {
      use(await take(seen));
      log.info('the certificate of HTTPS was replaced', { ends: new Date(current.until).toISOString() });
    } catch (error) {
      if (still) refuse(seen, error);
    }
  }

  /** Says once of an owner's certificate that it ends, and once that it has ended. */
  function warnOfEnd(): void {
    const days = (current.until - now()) / 86_400_000;
    if (current.own || now() < CLOCK_FLOOR || days > RENEW_DAYS) return;
    const ends = new Date(current.until).toISOString();
    const what = days < 0 ? 'the certificate of HTTPS has ended' : 'the certificate of HTTPS ends soon';
    if (told === what + ends) return;
    told = what + ends;
    log.warn(what, { ends });
  }

  let current = await first();
  warnOfEnd();
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return; // a disk that hangs gets no second call
    looking = true;
    inTurn(look)
      .catch((error: unknown) => log.warn('the certificate of HTTPS could not be looked at', { error }))
      .finally(() => {
        looking = false;
      });
  }, lookMs).unref();

  return {
    get current() {
      return current;
    },
    state() {
      const ended = now() >= CLOCK_FLOOR && current.until < now();
      const why = faults.files ?? faults.disk ?? (ended ? 'the certificate has ended' : null);
      return { state: why === null ? 'ok' : 'fault', why, selfSigned: current.own, ends: current.until };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    look: () => inTurn(look),
    install: (pair) => inTurn(() => replace(pair)),
    renew: () =>
      inTurn(async () => {
        const { key, cert } = await signed(newKey());
        await replace({ key, cert });
      }),
    close: () => clearInterval(timer),
  };
}

/** Changes with each replacement of the file; null: it isn't there. */
async function markOf(path: string): Promise<string | null> {
  const file = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  return file && `${file.ino}:${file.size}:${file.mtimeMs}`;
}

async function readText(path: string): Promise<string> {
  const name = basename(path);
  try {
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(FILE_MAX + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      if (bytesRead > FILE_MAX) throw new PairError(`${name} is over ${FILE_MAX} bytes`);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof PairError) throw error;
    throw new PairError(`${name} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function parseKey(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw new PairError('tls.key holds no private key as PEM without a passphrase');
  }
}

/** @param cert The certificate first, then those that vouch for it. @throws {PairError} */
function parsePair(key: string, cert: string): Pair {
  const privateKey = parseKey(key);
  let first: X509Certificate;
  try {
    first = new X509Certificate(cert);
  } catch {
    throw new PairError('tls.crt holds no certificate as PEM');
  }
  if (!first.checkPrivateKey(privateKey)) throw new PairError('tls.key is not the key of tls.crt');
  const own = first.subject === first.issuer && first.subject.split('\n').includes(`O=${OWN_MARK}`);
  return {
    key,
    cert,
    privateKey,
    x509: first,
    own,
    from: Date.parse(first.validFrom),
    until: Date.parse(first.validTo),
  };
}
