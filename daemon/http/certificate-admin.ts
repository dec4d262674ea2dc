/**
 * The certificate of HTTPS as pages see and change it. Whoever puts one in is told what is wrong with it before it takes the
 * place of one that works: browsers would only say that there is no way to the box.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateShown, Certificates } from '../../cgi/certificate/port.ts';
import { CgiError, diskFault } from '../../cgi/reply.ts';
import { asDiskFault, isDiskFault, type StoreError } from '../../storage/errors.ts';
import { type Certificate, PairError } from './certificate.ts';
import { CLOCK_FLOOR } from './self-signed.ts';

/** Certificates of a chain at most. */
const CHAIN_MAX = 10;
/** Bits: what browsers take. */
const RSA_BITS_MIN = 2_048;
const CURVES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
]);

/** @param get Opens it, when first asked for. @param now Epoch milliseconds. */
export function createCertificateAdmin(get: () => Promise<Certificate>, now: () => number): Certificates {
  const show = async () => shown(await get());

  async function change(work: (certificate: Certificate) => Promise<void>): Promise<CertificateShown> {
    const certificate = await get();
    try {
      await work(certificate);
    } catch (error) {
      if (error instanceof PairError) throw new CgiError('invalid', error.message, 'certificate');
      const disk = asDiskFault(error, 'writing the certificate');
      throw isDiskFault(disk) ? diskFault(disk as StoreError) : error;
    }
    return shown(certificate);
  }

  return {
    show,
    install: ({ certificate, key }) =>
      change(async (current) => {
        judge(certificate, key, now());
        await current.install({ key, cert: withoutOther(certificate) });
      }),
    renew: () => change((current) => current.renew()),
  };
}

/** @throws {CgiError} `invalid` */
function judge(certificate: string, key: string, now: number): void {
  const wrong = (parameter: 'certificate' | 'key', message: string) =>
    new CgiError('invalid', `${parameter} ${message}`, parameter);
  const chain = chainOf(certificate);
  const [first] = chain;
  if (!first) throw wrong('certificate', 'holds no certificate as PEM (-----BEGIN CERTIFICATE-----)');
  if (chain.length > CHAIN_MAX) throw wrong('certificate', `holds over ${CHAIN_MAX} certificates`);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(key);
  } catch {
    throw wrong('key', 'holds no private key as PEM without a passphrase');
  }
  const fault = keyFault(privateKey);
  if (fault !== null) throw wrong('key', fault);
  if (!first.checkPrivateKey(privateKey)) {
    const other = chain.findIndex((each) => each.checkPrivateKey(privateKey));
    throw other < 0
      ? wrong('key', 'is not the key of this certificate')
      : wrong('certificate', `must begin with the one of this key, which is the ${other + 1}. here`);
  }
  // A clock that was never set can't tell.
  if (now >= CLOCK_FLOOR) {
    if (Date.parse(first.validTo) <= now) throw wrong('certificate', `has ended: ${first.validTo}`);
    if (Date.parse(first.validFrom) > now) throw wrong('certificate', `is not good before ${first.validFrom}`);
  }
  for (const [index, each] of chain.entries()) {
    const voucher = chain[index + 1];
    if (voucher && !(each.checkIssued(voucher) && each.verify(voucher.publicKey)))
      throw wrong('certificate', `${index + 2} in this order did not sign the one before it`);
  }
}

/** What is wrong with a key, in words that follow it; null: nothing. */
function keyFault(key: KeyObject): string | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa') {
    const bits = details?.modulusLength ?? 0;
    return bits >= RSA_BITS_MIN ? null : `has ${bits} bits: RSA takes ${RSA_BITS_MIN} or more`;
  }
  if (type === 'ec' && CURVES.has(details?.namedCurve ?? '')) return null;
  return 'must be RSA, or EC on P-256, P-384 or P-521: browsers take no other';
}

function blocksOf(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

/** The certificates of a PEM text alone: many a file has the key beside them, which must not go out with them. */
function withoutOther(text: string): string {
  return blocksOf(text)
    .map((block) => `${block}\n`)
    .join('');
}

/** Those that can be read, in their order. @throws {CgiError} for a block that is none. */
function chainOf(text: string): X509Certificate[] {
  const blocks = blocksOf(text);
  return blocks.slice(0, CHAIN_MAX + 1).map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new CgiError('invalid', `certificate: the ${index + 1}. of them can't be read`, 'certificate');
    }
  });
}

function shown(certificate: Certificate): CertificateShown {
  const { cert } = certificate.current;
  const x509 = new X509Certificate(cert);
  const { why, selfSigned } = certificate.state();
  const { asymmetricKeyType: type = '', asymmetricKeyDetails: details } = x509.publicKey;
  const curve = CURVES.get(details?.namedCurve ?? '') ?? details?.namedCurve;
  return {
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    names: (x509.subjectAltName ?? '').split(', ').flatMap((name) => name.replace(/^(DNS|IP Address):/, '') || []),
    fingerprint: x509.fingerprint256,
    from: Date.parse(x509.validFrom),
    until: Date.parse(x509.validTo),
    selfSigned,
    key: type === 'rsa' ? `RSA ${details?.modulusLength}` : `${type.toUpperCase()} ${curve ?? ''}`.trim(),
    why,
    pem: withoutOther(cert),
  };
}

/** `CN=box, O=…` */
function oneLine(name: string): string {
  return name.split('\n').join(', ');
}
