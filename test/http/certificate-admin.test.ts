/** The certificate of HTTPS by number: shown, replaced by one that holds, and by none that doesn't. */
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { selfSigned } from '../../daemon/http/self-signed.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';

interface Info {
  fingerprint: string;
  self_signed: boolean;
  key: string;
  names: string[];
  pem: string;
  error?: { code: string; parameter?: string; message: string };
}

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const names = { host: 'pbx', listed: ['pbx.example.com'], addresses: ['192.0.2.9'] };

/** An owner's, as a company's own authority might give it: not marked as one of ours. */
async function pair(key: KeyObject, at = Date.now()) {
  return { key: pem(key), certificate: await selfSigned(key, names, at) };
}

async function post(daemon: TestDaemon, values: Record<string, string>) {
  const answer = await daemon.get('/cgi/webserve/30046', { method: 'POST', body: new URLSearchParams(values) });
  return { status: answer.status, body: (await answer.json()) as Info };
}

const presented = (daemon: TestDaemon) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect({
      port: daemon.secureAddresses[0]?.port ?? 0,
      host: '127.0.0.1',
      rejectUnauthorized: false,
    });
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once('error', reject);
  });

test('is shown, and taken from whoever has its key, at once and over a restart', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const daemon = await startDaemon({ CDRD_HTTPS_LISTEN: '127.0.0.1:0' }, { folder });
  const before = (await daemon.json('/cgi/webserve/30045?')) as unknown as Info;
  expect(before).toMatchObject({ self_signed: true, key: 'EC P-256', used: true, why: null });
  expect(before.names).toContain('localhost');
  expect(await presented(daemon)).toBe(before.fingerprint);
  const file = await daemon.get('/cgi/webserve/30045?&format=pem');
  expect(file.headers.get('content-disposition')).toBe('attachment; filename="cdrd.pem"');
  expect(new X509Certificate(await file.text()).fingerprint256).toBe(before.fingerprint);

  const fresh = await pair(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  const { status, body } = await post(daemon, { ...fresh, reason: 'from the office' });
  expect([status, body.key, body.names]).toEqual([
    200,
    'RSA 2048',
    expect.arrayContaining(['pbx.example.com', '192.0.2.9']),
  ]);
  expect(await presented(daemon)).toBe(body.fingerprint);
  const secret = `${folder}/state/secret`;
  expect(statSync(`${secret}/tls.key`).mode & 0o777).toBe(0o600);
  expect(readFileSync(`${secret}/tls.key`, 'utf8').trim()).toBe(fresh.key.trim());
  expect(existsSync(`${secret}/tls.new`)).toBe(false);
  const audit = JSON.stringify(await daemon.json('/cgi/webserve/30018?&action=certificate.set'));
  expect(audit).toContain(body.fingerprint);
  expect(audit).not.toContain('PRIVATE');
  expect(daemon.log.join('')).not.toContain('PRIVATE');

  const own = await post(daemon, { new: '1' });
  expect(own.body).toMatchObject({ self_signed: true, key: 'EC P-256' });
  expect(own.body.fingerprint).not.toBe(before.fingerprint);
  expect(await presented(daemon)).toBe(own.body.fingerprint);
  await daemon.close();
  // A kill between the two files: the one that holds both says what was meant.
  writeFileSync(`${secret}/tls.new`, JSON.stringify({ key: fresh.key, cert: fresh.certificate }), { mode: 0o600 });
  writeFileSync(`${secret}/tls.key`, fresh.key);
  const again = await startDaemon({ CDRD_HTTPS_LISTEN: '127.0.0.1:0' }, { folder });
  expect(await presented(again)).toBe(body.fingerprint);
  expect(existsSync(`${secret}/tls.new`)).toBe(false);
});

test('a key in the same file as its certificate goes out with it to nobody', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const daemon = await startDaemon({ CDRD_HTTPS_LISTEN: '127.0.0.1:0' }, { folder });
  const { key, certificate } = await pair(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const both = `${key}${certificate}`;
  const { status, body } = await post(daemon, { certificate: both, key: both });
  expect([status, body.pem.includes('PRIVATE')]).toEqual([200, false]);
  const file = async (from: TestDaemon) => (await from.get('/cgi/webserve/30045?&format=pem')).text();
  expect(await file(daemon)).toBe(`${certificate.trim()}\n`);
  const path = `${folder}/state/secret/tls.crt`;
  expect(readFileSync(path, 'utf8')).not.toContain('PRIVATE');
  await daemon.close();
  writeFileSync(path, both); // by hand
  expect(await file(await startDaemon({ CDRD_HTTPS_LISTEN: '127.0.0.1:0' }, { folder }))).not.toContain('PRIVATE');
});

test('what would not hold is refused by name, and the one before goes on', { timeout: 60_000 }, async () => {
  const daemon = await startDaemon({ CDRD_HTTPS_LISTEN: '127.0.0.1:0' });
  const before = await presented(daemon);
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const { key, certificate } = await pair(ec);
  const old = await pair(ec, Date.UTC(2026, 0, 2) - 730 * 86_400_000 * 2);
  const refusals: [Record<string, string>, string, RegExp][] = [
    [{ certificate }, 'key', /is missing/],
    [{ key }, 'certificate', /is missing/],
    [{ certificate: 'hello', key }, 'certificate', /holds no certificate/],
    [{ certificate, key: 'hello' }, 'key', /holds no private key/],
    [{ certificate, key: pem(other) }, 'key', /is not the key of this certificate/],
    [{ certificate, key: pem(weak) }, 'key', /has 1024 bits/],
    [{ certificate, key: pem(generateKeyPairSync('ed25519').privateKey) }, 'key', /must be RSA, or EC/],
    [
      { certificate: `${(await pair(other)).certificate}\n${certificate}`, key },
      'certificate',
      /must begin with the one/,
    ],
    [
      { certificate: `${certificate}\n${(await pair(other)).certificate}`, key },
      'certificate',
      /2 in this order did not sign/,
    ],
    [{ certificate: certificate.replace(/[A-Za-z]{5}/, '!!!!!'), key }, 'certificate', /can't be read|holds no/],
    [{ certificate: 'x'.repeat(100_001), key }, 'certificate', /at most/],
    [{ certificate, key, new: '1' }, 'new', /beside a certificate/],
  ];
  if (Date.parse(new X509Certificate(old.certificate).validTo) < Date.now())
    refusals.push([{ certificate: old.certificate, key }, 'certificate', /has ended/]);
  for (const [values, parameter, message] of refusals) {
    const { status, body } = await post(daemon, values);
    expect([status, body.error?.parameter, body.error?.message]).toEqual([
      400,
      parameter,
      expect.stringMatching(message),
    ]);
  }
  expect(await presented(daemon)).toBe(before);
});
