import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pcmWav } from '../../recordings/helper.ts';
import { AMI_SECRET, type Box } from '../box.ts';
import type { Row, Tally } from '../row.ts';
import { cleanUp, places, put } from './parameters.ts';

export const osCommand: Row = {
  name: 'os-command',
  flaws: [
    {
      cve: 'CVE-2020-5757',
      was: 'Grandstream UCM6200 up to 1.0.20.23: a log-in could run commands as root by a GET to its newer HTTPS API',
      source: 'https://nvd.nist.gov/vuln/detail/CVE-2020-5757 (from memory: the page could not be read here)',
    },
    {
      cve: 'CVE-2012-4869',
      was: 'FreePBX/Elastix: callmenum of callme_page.php ran shell commands',
      source: 'https://www.exploit-db.com/exploits/18649',
    },
  ],
  no: 'program run by a value in any parameter, a file’s name or an AMI header',
  alone: true,
  async attempt(box, tally) {
    // A program that a value starts is a child of the daemon's, however short it lives.
    const watch = watchChildren(box);
    try {
      await attempts(box, tally);
    } finally {
      await watch.end();
    }
    const { children } = watch;
    tally.tried(children.size === 0, `it had children: ${[...children].join(' ')}`);
  },
};

async function attempts(box: Box, tally: Tally): Promise<void> {
  const mark = join(box.folder, 'owned');
  const touch = `touch ${mark}`;
  const values = [`;${touch};`, `$(${touch})`, `\`${touch}\``, `|${touch}`, `\n${touch}\n`, `'; ${touch}; '`];
  values.push(`"; ${touch}; "`, `& ${touch} &`, `-x --checkpoint-action=exec='${touch}'`, `\u0024{IFS};${touch}`);
  const token = box.tokens.admin;
  const all = await places(box, token);
  tally.works(all.length > 50, 'the list of numbers');
  for (const [index, place] of all.entries()) {
    // Each place meets two of them, next ones other two: ten requests for each would take long.
    for (const value of [values[index % values.length], values[(index * 3 + 1) % values.length]])
      tally.tried((await put(box, place, value ?? '', token)).status < 500, `${place.number} ${place.parameter}`);
    tally.tried(!existsSync(mark), `${place.number} ${place.parameter} has run a command`);
  }
  await cleanUp(box);
  const name = values
    .map((value) => value.replaceAll('/', '_').replaceAll('\n', ' '))
    .join(' ')
    .slice(0, 200);
  const day = join(box.recordings, '20260103');
  await mkdir(day);
  await writeFile(join(day, `${name}.wav`), pcmWav(1));
  await writeFile(join(day, '--checkpoint-action=exec=sh x.wav'), pcmWav(1));
  for (let looks = 0; looks < 100; looks++) {
    const listed = await box.number(20053, { startdate: '2026-01-03 00:00', enddate: '2026-12-31 00:00' }, { token });
    if (listed.body.includes('checkpoint-action')) break;
    await sleep(100);
  }
  for (const format of ['tar', 'zip']) {
    const wavefiles = [`20260103/${name}.wav`, '20260103/--checkpoint-action=exec=sh x.wav'].join(';');
    const sent = await box.number(20036, { wavefiles, format, skipmissing: '1' }, { token });
    tally.tried(sent.status < 500, `20036 ${format}: ${sent.status}`);
  }
  const client = await box.amiLogIn('clerk');
  for (const value of values) {
    await client.ask('Redirect', { Channel: value, Exten: value.replaceAll('\n', ' ') });
    await client.ask('Login', { Username: value.replaceAll('\n', ' '), Secret: AMI_SECRET });
    await client.ask('Filter', { Operation: 'Add', Filter: value.replaceAll('\n', ' ') });
  }
  tally.tried(!existsSync(mark), 'a file name or an AMI header has run a command');
}

function watchChildren(box: Box) {
  const children = new Set<string>();
  let over = false;
  const watching = (async () => {
    while (!over) {
      for (const child of childrenOf(box.pid)) children.add(child);
      await sleep(5);
    }
  })();
  return {
    children,
    async end(): Promise<void> {
      over = true;
      await watching;
    },
  };
}

function childrenOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
    );
  } catch {
    return []; // a thread that has just ended
  }
}
