import { existsSync } from 'node:fs';
import { link, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CANARY, RECORDING } from '../box.ts';
import type { Row } from '../row.ts';

export const pathOut: Row = {
  name: 'path-out',
  flaws: [
    {
      cve: 'CVE-2023-49294',
      was: 'Asterisk before 18.20.1, 20.5.1, 21.0.1: AMI GetConfig read any file by a path that leads out of its folder, live_dangerously or not (which action: its change log)',
      source: 'https://osv.dev/vulnerability/ALPINE-CVE-2023-49294',
    },
    {
      cve: 'CVE-2022-24262',
      was: 'VoIPmonitor GUI before 24.96: a file of the sender’s landed where it should not by restoring a configuration',
      source: 'https://nvd.nist.gov/vuln/detail/CVE-2022-24262 (from memory: the page could not be read here)',
    },
  ],
  no: 'path or link that leads out of the recordings folder, to read, to delete or to write',
  alone: true,
  async attempt(box, tally) {
    const token = box.tokens.admin;
    const outside = join(box.folder, 'canary.wav');
    const day = join(box.recordings, '20260102');
    const linked = join(box.folder, 'linked.wav');
    await writeFile(linked, `RIFFxxxxWAVE ${CANARY}`);
    await symlink(linked, join(day, 'link.wav'));
    await link(outside, join(day, 'hard.wav'));
    await link(join(box.state, 'secret', 'ami-users.json'), join(day, 'users.wav'));
    await symlink(box.folder, join(box.recordings, '20260104'));
    await symlink('/etc', join(box.recordings, '20260105'));
    await mkdir(join(box.recordings, '.hidden'));
    await writeFile(join(box.recordings, '.hidden', 'own.wav'), CANARY);
    await writeFile(join(box.recordings, '.own.wav'), CANARY);
    await link(join(box.recordings, '.own.wav'), join(box.recordings, '.cdrd', 'own.wav')).catch(() => {});
    const ways = [
      ...['../canary.wav', '../../canary.wav', '20260102/../../canary.wav', './../canary.wav', '..//canary.wav'],
      ...[outside, `/${outside}`, `//${outside}`, `file://${outside}`, `20260102/${outside}`],
      ...['..\\canary.wav', '20260102\\..\\..\\canary.wav', '....//canary.wav', '..;/canary.wav', '..%2fcanary.wav'],
      ...['%2e%2e/canary.wav', '%2e%2e%2fcanary.wav', '..%252fcanary.wav', '..%c0%afcanary.wav', '\u2025/canary.wav'],
      ...[
        '../canary.wav\u0000.wav',
        '\u0000../canary.wav',
        '20260102/link.wav',
        '20260102/hard.wav',
        '20260102/users.wav',
        '20260104/canary.wav',
        '20260105/hostname.wav',
      ],
      ...[
        '.hidden/own.wav',
        '.own.wav',
        '.cdrd/own.wav',
        '.cdrd/medium',
        '.trash/x.wav',
        '20260104/state/cdrd.db',
        '/proc/self/environ',
      ],
      ...[
        '/proc/self/fd/3',
        '../state/secret/ami-users.json',
        '../state/cdrd.db',
        '../cdrd.log',
        `${'../'.repeat(40)}etc/passwd`,
        `${'a'.repeat(300)}.wav`,
      ],
    ];
    const held = (answer: { status: number; bytes: string }) =>
      answer.status < 500 && !/canary-outside|root:x:0|SQLite format|"secret"/.test(answer.bytes);
    for (const way of ways) {
      // As it stands there, and with everything encoded, what is encoded once more too.
      for (const spelled of [
        ...(/^[\x21-\x7e]*$/.test(way) ? [way] : []),
        encodeURIComponent(way),
        encodeURIComponent(way).replaceAll('.', '%2E'),
      ]) {
        for (const range of [{}, { Range: 'bytes=0-9' }]) {
          const played = await box.ask(`/recordings/${spelled}`, { token, headers: range });
          tally.tried(
            held(played) && played.status !== 200 && played.status !== 206,
            `/recordings/${spelled}: ${played.status}`,
          );
        }
      }
      for (const parameters of [
        { wavefiles: way },
        { wavefiles: `${RECORDING};${way}` },
        { wavefiles: way, format: 'zip', skipmissing: '1' },
      ]) {
        const tar = await box.number(20036, parameters, { token });
        tally.tried(held(tar), `20036 ${JSON.stringify(parameters)}: ${tar.status}`);
      }
      for (const [number, more] of [
        [20054, { purge: '1' }],
        [20054, {}],
        [30025, { keep: '1' }],
        [30030, {}],
      ] as const) {
        const done = await box.number(number, { wavefiles: way, ...more }, { token });
        tally.tried(held(done), `${number} ${way}: ${done.status} ${done.body.slice(0, 60)}`);
        tally.tried(
          existsSync(outside) &&
            existsSync(join(box.state, 'cdrd.db')) &&
            existsSync(join(box.state, 'secret', 'ami-users.json')),
          `${number} ${way} has deleted what lies outside`,
        );
      }
    }
    tally.tried((await readFile(outside, 'utf8')) === CANARY, 'what lies outside was written to');
    const own = await box.ask(`/recordings/${RECORDING}`, { token });
    tally.works(own.status === 200, `the recording itself: ${own.status}`);
    const listed = await box.number(20053, { startdate: '2020-01-01 00:00', enddate: '2030-01-01 00:00' }, { token });
    tally.tried(!/link\.wav|20260104|20260105|hidden|own\.wav/.test(listed.body), `20053 lists ${listed.body}`);
  },
};
