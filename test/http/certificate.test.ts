/** Key and certificate of HTTPS: made at first, replaced by their owner, renewed in time, and never left odd by a kill. */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openCertificate } from '../../daemon/http/certificate.ts';
import { boxNames, isDue, lifeOf, type Names, selfSigned } from '../../daemon/http/self-signed.ts';
import { createLog } from '../../daemon/log.ts';
import { eventually } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 26, 12);
const NAMES = { host: 'nexo', listed: ['pbx.example.com'], addresses: ['192.168.6.42', '2001:db8::5'] };

/** An owner's pair: of another maker, good for some days. */
async function ownersPair({ days = 300, type = 'ec' as 'ec' | 'rsa', name = 'pbx.example.org' } = {}) {
  const { generate } = await import('selfsigned');
  const pem = await generate([{ name: 'commonName', value: name }], {
    keyType: type,
    algorithm: 'sha256',
    notBeforeDate: new Date(NOW - 100 * DAY),
    notAfterDate: new Date(NOW + days * DAY),
  });
  return { key: pem.private, cert: pem.cert };
}

async function open(dir = temporaryFolder(), clock = { ms: NOW }, lookMs = 3_600_000, names: Names = { ...NAMES }) {
  const lines: string[] = [];
  const certificate = await openCertificate({
    dir,
    log: createLog({ level: 'info', write: (line) => lines.push(line), terminal: false }),
    names: () => names,
    now: () => clock.ms,
    lookMs, // unless told otherwise they are looked at by hand
  });
  onTestFinished(() => certificate.close());
  const files = {
    put: ({ key, cert }: { key?: string; cert?: string }) => {
      if (key !== undefined) writeFileSync(`${dir}/tls.key`, key);
      if (cert !== undefined) writeFileSync(`${dir}/tls.crt`, cert);
    },
    key: () => readFileSync(`${dir}/tls.key`, 'utf8'),
    cert: () => readFileSync(`${dir}/tls.crt`, 'utf8'),
  };
  return { dir, clock, certificate, files, lines, now: () => new X509Certificate(certificate.current.cert) };
}

describe('the first', () => {
  test('is of the box: its names and addresses, P-256, from a day ago for two years', async () => {
    const { certificate, dir, files, now } = await open();
    const made = now();
    expect(made.subject).toBe('CN=nexo\nO=cdrd self-signed');
    expect(made.issuer).toBe(made.subject);
    expect(made.verify(made.publicKey)).toBe(true);
    expect(made.subjectAltName?.split(', ')).toEqual([
      'DNS:nexo',
      'DNS:nexo.local',
      'DNS:localhost',
      'DNS:pbx.example.com',
      'IP Address:127.0.0.1',
      'IP Address:0:0:0:0:0:0:0:1',
      'IP Address:192.168.6.42',
      'IP Address:2001:DB8:0:0:0:0:0:5',
    ]);
    for (const name of ['nexo', 'nexo.local', 'localhost', 'pbx.example.com']) expect(made.checkHost(name)).toBe(name);
    for (const ip of ['127.0.0.1', '::1', '192.168.6.42', '2001:db8::5']) expect(made.checkIP(ip)).toBe(ip);
    expect(made.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(Date.parse(made.validFrom)).toBe(NOW - DAY);
    expect(Date.parse(made.validTo)).toBe(NOW + 730 * DAY);
    expect(made.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']); // server authentication
    expect(certificate.state()).toEqual({ state: 'ok', why: null, selfSigned: true, ends: NOW + 730 * DAY });
    expect(readdirSync(dir).sort()).toEqual(['tls.crt', 'tls.key']);
    for (const name of ['tls.crt', 'tls.key']) expect(statSync(`${dir}/${name}`).mode & 0o777).toBe(0o600);
    expect(files.cert()).toBe(certificate.current.cert);
    expect(made.checkPrivateKey(createPrivateKey(files.key()))).toBe(true);
  });

  test('stays the same over a restart, and another box has another', async () => {
    const one = await open();
    const again = await open(one.dir);
    expect(again.certificate.current.cert).toBe(one.certificate.current.cert);
    expect(again.lines).toEqual([]);
    const other = await open();
    expect(other.now().publicKey.export({ type: 'spki', format: 'pem' })).not.toBe(
      one.now().publicKey.export({ type: 'spki', format: 'pem' }),
    );
    expect(other.now().serialNumber).not.toBe(one.now().serialNumber);
  });

  test.each([
    ['nexo.lan', ['DNS:nexo.lan', 'DNS:nexo.local', 'DNS:localhost']],
    ['nexo.local', ['DNS:nexo.local', 'DNS:localhost']],
    ['localhost', ['DNS:localhost.local', 'DNS:localhost']],
    ['a,O=evil', ['DNS:localhost']],
    ['(none)', ['DNS:localhost']],
    ['', ['DNS:localhost']],
    ['x'.repeat(64), ['DNS:localhost']],
  ])('of a host named %j names %j', async (host, dns) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const made = new X509Certificate(await selfSigned(privateKey, { host, listed: [], addresses: [] }, NOW));
    expect(made.subjectAltName?.split(', ').filter((name) => name.startsWith('DNS:'))).toEqual(dns);
    expect(made.subject.split('\n')).toHaveLength(2);
  });

  test('names what this very machine is called', () => {
    const { host, addresses } = boxNames(['pbx.example.com']);
    expect(host).not.toBe('');
    expect(addresses.every((address) => !/^(127\.|::1$|fe80:)/.test(address))).toBe(true);
  });

  test('is made anew, with the same key, when the owner lists a further name', async () => {
    const names = { ...NAMES, listed: ['pbx.example.com'] };
    const { certificate, now, lines } = await open(temporaryFolder(), { ms: NOW }, 3_600_000, names);
    const before = now();
    await certificate.look();
    expect(now().serialNumber).toBe(before.serialNumber);
    names.listed = ['pbx.example.com', 'Calls.Example.com'];
    await certificate.look();
    expect(now().checkHost('calls.example.com')).toBeTruthy();
    expect(now().publicKey.equals(before.publicKey)).toBe(true);
    const { serialNumber } = now();
    await certificate.look();
    expect(now().serialNumber).toBe(serialNumber);
    expect(lines.filter((line) => line.includes('was made'))).toHaveLength(2);
  });

  test('follows the box’s addresses: what the network brings after the start is named, too, and the daily ones of IPv6 are not', async () => {
    const names = { host: 'nexo', listed: [], addresses: ['192.168.6.42'] as string[] };
    const { certificate, files, now } = await open(undefined, undefined, undefined, names);
    const before = { key: files.key(), cert: files.cert() };
    names.addresses = ['192.168.6.42', '2001:db8::7'];
    await certificate.look();
    expect(files.cert()).toBe(before.cert);
    names.addresses = ['192.168.6.42', '2001:db8::7', '10.0.0.9'];
    await certificate.look();
    expect(files.key()).toBe(before.key);
    expect(now().checkIP('10.0.0.9')).toBe('10.0.0.9');
    expect(now().checkIP('2001:db8::7')).toBeDefined();
    // An address that has gone is no reason.
    const after = files.cert();
    names.addresses = ['10.0.0.9'];
    await certificate.look();
    expect(files.cert()).toBe(after);
  });

  test('whose making a kill interrupted is completed: a key without a certificate gets one', async () => {
    const { dir, files, certificate } = await open();
    const key = files.key();
    rmSync(`${dir}/tls.crt`);
    const again = await open(dir);
    expect(again.files.key()).toBe(key);
    expect(again.now().checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(again.certificate.current.cert).not.toBe(certificate.current.cert);
  });

  test('that can’t be stored serves all the same, and says so', async () => {
    const dir = `${temporaryFolder()}/gone`;
    const { certificate } = await open(dir);
    expect(new X509Certificate(certificate.current.cert).subject).toContain('CN=nexo');
    expect(certificate.state()).toMatchObject({
      state: 'fault',
      why: expect.stringContaining('could not be stored (ENOENT)'),
    });
  });
});

describe('a clock', () => {
  test('that was never set makes one that is good for everybody whose clock is right', async () => {
    const { now, clock, certificate, files } = await open(undefined, { ms: 12_345_000 });
    const blind = now();
    expect(Date.parse(blind.validFrom)).toBe(0);
    expect(Date.parse(blind.validTo)).toBe(Date.UTC(2049, 11, 31));
    await certificate.look();
    expect(now().serialNumber).toBe(blind.serialNumber);
    const taken: string[] = [];
    certificate.onChange(({ cert }) => taken.push(cert));
    clock.ms = NOW; // the network told the time
    await certificate.look();
    expect(Date.parse(now().validFrom)).toBe(NOW - DAY);
    expect(Date.parse(now().validTo)).toBe(NOW + 730 * DAY);
    expect(now().checkPrivateKey(createPrivateKey(files.key()))).toBe(true);
    expect(taken).toEqual([files.cert()]);
    // The next power cut: 1970 once more, and nothing is made anew.
    clock.ms = 1_000;
    await certificate.look();
    expect(taken).toHaveLength(1);
    expect(certificate.state()).toMatchObject({ state: 'ok' });
  });

  test('in 1970 at a restart leaves the certificate as it is', async () => {
    const first = await open();
    const again = await open(first.dir, { ms: 5_000 });
    await again.certificate.look();
    expect(again.certificate.current.cert).toBe(first.certificate.current.cert);
  });

  test('far in the future, put right later, leaves none that is not good yet', async () => {
    const { clock, certificate, now } = await open(undefined, { ms: Date.UTC(2085, 5, 1) });
    expect(now().validTo).toContain('2087');
    clock.ms = NOW;
    await certificate.look();
    expect(Date.parse(now().validTo)).toBe(NOW + 730 * DAY);
  });

  test.each([
    [NOW, 30 * DAY + 1, false],
    [NOW, 30 * DAY - 1, true],
    [NOW, -DAY, true],
    [1_000, -DAY, false],
  ])('%i, %i ms before the end: due %s', (now, left, due) => {
    const until = now + left;
    expect(isDue({ from: NOW - 700 * DAY, until }, now)).toBe(due);
  });

  test('no life is longer than what Apple’s systems take (825 days)', () => {
    const { from, until } = lifeOf(NOW);
    expect(until.getTime() - from.getTime()).toBeLessThan(825 * DAY);
  });
});

test('one of the box’s own is renewed a month before its end, with the same key; an owner’s never is', async () => {
  const { clock, certificate, files, now } = await open();
  const key = files.key();
  const serial = now().serialNumber;
  clock.ms = NOW + 699 * DAY;
  await certificate.look();
  expect(now().serialNumber).toBe(serial);
  clock.ms = NOW + 701 * DAY;
  await certificate.look();
  expect(now().serialNumber).not.toBe(serial);
  expect(Date.parse(now().validTo)).toBe(NOW + 1431 * DAY);
  expect([files.key(), files.cert()]).toEqual([key, certificate.current.cert]);

  const owners = await ownersPair({ days: 10 });
  const other = await open();
  other.files.put(owners);
  await other.certificate.look();
  expect(other.certificate.current.cert).toBe(owners.cert);
  await other.certificate.look();
  const warnings = () => other.lines.filter((line) => line.includes('ends soon') || line.includes('has ended'));
  expect(warnings()).toHaveLength(1);
  expect(other.certificate.state()).toMatchObject({ state: 'ok', selfSigned: false });
  other.clock.ms = NOW + 11 * DAY;
  await other.certificate.look();
  await other.certificate.look();
  expect(warnings()).toHaveLength(2);
  expect(other.certificate.current.cert).toBe(owners.cert);
  expect(other.certificate.state()).toMatchObject({ state: 'fault', why: 'the certificate has ended' });
});

describe('a replacement', () => {
  test.each(['ec', 'rsa'] as const)(
    'by an owner’s pair (%s) is taken at the next look, and at a start',
    async (type) => {
      const { certificate, files, dir, lines } = await open();
      const taken: string[] = [];
      certificate.onChange(({ cert }) => taken.push(cert));
      const owners = await ownersPair({ type });
      files.put(owners);
      await certificate.look();
      await certificate.look();
      expect(taken).toEqual([owners.cert]);
      expect(certificate.state()).toMatchObject({ state: 'ok', selfSigned: false, ends: NOW + 300 * DAY });
      expect(lines.join('')).toContain('replaced');
      expect((await open(dir)).certificate.current).toMatchObject(owners);
    },
  );

  test('half done is waited for: no complaint, the old one goes on', async () => {
    const { certificate, files, lines } = await open();
    const old = certificate.current.cert;
    const owners = await ownersPair();
    files.put({ key: owners.key });
    await certificate.look();
    expect(certificate.current.cert).toBe(old);
    expect(certificate.state().state).toBe('ok');
    files.put({ cert: owners.cert });
    await certificate.look();
    expect(certificate.current.cert).toBe(owners.cert);
    expect(lines.filter((line) => line.startsWith('<4>'))).toEqual([]);
  });

  test('by taking both away and putting two others there is never answered with one of ours', async () => {
    const { certificate, files, dir } = await open();
    const owners = await ownersPair();
    rmSync(`${dir}/tls.key`);
    rmSync(`${dir}/tls.crt`);
    await certificate.look();
    expect(existsSync(`${dir}/tls.crt`)).toBe(false);
    files.put(owners);
    await certificate.look();
    expect(certificate.current.cert).toBe(owners.cert);
    // Both gone for good: the box makes its own again.
    rmSync(`${dir}/tls.key`);
    rmSync(`${dir}/tls.crt`);
    await certificate.look();
    await certificate.look();
    expect(certificate.state()).toMatchObject({ state: 'ok', selfSigned: true });
    expect(files.cert()).toBe(certificate.current.cert);
  });

  const broken: readonly (readonly [
    string,
    (good: { key: string; cert: string }) => Promise<{ key?: string; cert?: string }> | { key?: string; cert?: string },
    RegExp,
  ])[] = [
    ['with the key of another', async () => ({ cert: (await ownersPair()).cert }), /tls.key is not the key of tls.crt/],
    ['cut off', ({ cert }) => ({ cert: cert.slice(0, 200) }), /tls.crt holds no certificate/],
    ['empty', () => ({ key: '', cert: '' }), /tls.key holds no private key/],
    ['no PEM', () => ({ key: '\0\xff', cert: 'x' }), /tls.key holds no private key/],
    [
      'with key and certificate exchanged',
      ({ key, cert }) => ({ key: cert, cert: key }),
      /tls.key holds no private key/,
    ],
    [
      'with a passphrase',
      ({ key }) => ({
        key: createPrivateKey(key)
          .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
          .toString(),
      }),
      /without a passphrase/,
    ],
    ['endless', ({ cert }) => ({ cert: cert + '#'.repeat(300_000) }), /tls.crt is over 262144 bytes/],
  ];
  test.each(broken)(
    '%s keeps the old one, is complained of once, and the next good one is taken',
    async (_name, make, why) => {
      const { certificate, files, lines, dir } = await open();
      const good = await ownersPair();
      files.put(good);
      await certificate.look();
      files.put(await make(good));
      for (let looks = 0; looks < 5; looks++) await certificate.look();
      expect(certificate.current.cert).toBe(good.cert);
      expect(certificate.state()).toMatchObject({ state: 'fault', why: expect.stringMatching(why) });
      const complaints = lines.filter((line) => line.startsWith('<4>'));
      expect(complaints).toHaveLength(1);
      expect(complaints.join('')).not.toContain('PRIVATE');
      // A start over the same files serves too, by one of the box's own, and overwrites nothing.
      const before = [files.key(), files.cert()];
      const again = await open(dir);
      expect(again.certificate.state()).toMatchObject({
        state: 'fault',
        why: expect.stringMatching(why),
        selfSigned: true,
      });
      expect([files.key(), files.cert()]).toEqual(before);
      const better = await ownersPair({ days: 200 });
      files.put(better);
      for (const each of [certificate, again.certificate]) {
        await each.look();
        expect(each.current.cert).toBe(better.cert);
        expect(each.state()).toMatchObject({ state: 'ok', why: null });
      }
    },
  );

  test('without its key is refused, and a key alone gets a certificate', async () => {
    const { certificate, files, dir } = await open();
    const owners = await ownersPair({ type: 'rsa' });
    rmSync(`${dir}/tls.key`);
    files.put({ cert: owners.cert });
    await certificate.look();
    await certificate.look();
    expect(certificate.state()).toMatchObject({ state: 'fault', why: 'tls.crt is there and tls.key is not' });
    rmSync(`${dir}/tls.crt`);
    files.put({ key: owners.key });
    await certificate.look();
    await certificate.look();
    expect(certificate.state()).toMatchObject({ state: 'ok', selfSigned: true });
    expect(new X509Certificate(files.cert()).checkPrivateKey(createPrivateKey(owners.key))).toBe(true);
    expect(files.key()).toBe(owners.key);
  });

  test('that can’t be read says so', async () => {
    const { certificate, files, dir } = await open();
    rmSync(`${dir}/tls.key`);
    mkdirSync(`${dir}/tls.key`);
    files.put({ cert: (await ownersPair()).cert });
    await certificate.look();
    await certificate.look();
    expect(certificate.state().why).toBe("tls.key can't be read (EISDIR)");
  });

  test('is found by the look that comes by itself', async () => {
    const { certificate, files } = await open(undefined, undefined, 20);
    const owners = await ownersPair();
    files.put(owners);
    await eventually(() => certificate.current.cert === owners.cert);
  });

  test('put back as it was takes the complaint away', async () => {
    const { certificate, files, dir } = await open();
    const { renameSync } = await import('node:fs');
    const old = certificate.current.cert;
    renameSync(`${dir}/tls.crt`, `${dir}/kept`);
    files.put({ cert: 'nonsense' });
    await certificate.look();
    await certificate.look();
    expect(certificate.state().state).toBe('fault');
    renameSync(`${dir}/kept`, `${dir}/tls.crt`);
    await certificate.look();
    expect(certificate.state()).toMatchObject({ state: 'ok', why: null });
    expect(certificate.current.cert).toBe(old);
  });
});
