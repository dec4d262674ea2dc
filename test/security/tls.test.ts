/** What HTTPS speaks: every version, and each of all cipher suites that can be, offered to the listener as it ships. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openCertificate } from '../../daemon/http/certificate.ts';
import { selfSigned } from '../../daemon/http/self-signed.ts';
import { createLog } from '../../daemon/log.ts';
import { startListener } from '../http/listener.ts';
import { temporaryFolder } from '../support/folder.ts';
import { offer, takenOf, VERSIONS, type Version } from './tls-offer.ts';

/** By IANA's names. */
const NAMES: Readonly<Record<number, string>> = {
  4865: 'TLS_AES_128_GCM_SHA256',
  4866: 'TLS_AES_256_GCM_SHA384',
  4867: 'TLS_CHACHA20_POLY1305_SHA256',
  49195: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  49196: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  49199: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  49200: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  52392: 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  52393: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
};

async function listen(kind: 'ec' | 'rsa'): Promise<number> {
  const dir = temporaryFolder(onTestFinished);
  if (kind === 'rsa') {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(join(dir, 'tls.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(join(dir, 'tls.crt'), await selfSigned(privateKey, { host: 'x', addresses: [] }, Date.now()));
  }
  const certificate = await openCertificate({
    dir,
    log: createLog({ level: 'error', write: () => {}, terminal: false }),
    names: () => ({ host: 'x', addresses: [] }),
    now: Date.now,
  });
  onTestFinished(() => certificate.close());
  const { secureUrl } = await startListener(async function* () {}, {}, undefined, certificate);
  return Number(new URL(secureUrl).port);
}

async function spoken(port: number): Promise<Record<Version, string[]>> {
  const found = {} as Record<Version, string[]>;
  for (const version of Object.keys(VERSIONS) as Version[])
    found[version] = (await takenOf(port, version)).map((cipher) => NAMES[cipher] ?? `0x${cipher.toString(16)}`).sort();
  return found;
}

const ONE_POINT_THREE = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const OLD = { 'SSL 3.0': [], 'TLS 1.0': [], 'TLS 1.1': [] };

test.each([
  ['the box’s own certificate', 'ec', 'ECDSA'],
  ['an owner’s certificate of RSA', 'rsa', 'RSA'],
] as const)(
  'with %s it takes two versions and authenticated ciphers with forward secrecy',
  { timeout: 120_000 },
  async (_, kind, signed) => {
    const port = await listen(kind);
    expect(await spoken(port)).toEqual({
      ...OLD,
      'TLS 1.2': [
        `TLS_ECDHE_${signed}_WITH_AES_128_GCM_SHA256`,
        `TLS_ECDHE_${signed}_WITH_AES_256_GCM_SHA384`,
        `TLS_ECDHE_${signed}_WITH_CHACHA20_POLY1305_SHA256`,
      ],
      'TLS 1.3': ONE_POINT_THREE,
    });
    expect(await offer(port, 'TLS 1.2', [49195, 49199], [1, 0])).toMatchObject({ compression: 0 });
  },
);
