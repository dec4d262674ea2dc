import { existsSync } from 'node:fs';
import { link, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CANARY, RECORDING } from '../box.ts';
import type { Row } from '../row.ts';
import { speaker } from './dialect-places.ts';

/** What a browser that is on another site's page says of a request. */
const ELSEWHERE = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', Origin: 'http://evil.example' };
const EVIL = ['//evil.example', 'http://evil.example/', '/\\evil.example', '\r\nLocation: http://evil.example/'];

export const dialectWay: Row = {
  name: 'dialect-way',
  flaws: [],
  no: 'path out of the recordings folder, way to another site, or request from one, by a dialect',
  alone: true,
  async attempt(box, tally) {
    const speak = await speaker(box);
    const day = join(box.recordings, '20260102');
    const linked = join(box.folder, 'linked.wav');
    await writeFile(linked, `RIFFxxxxWAVE ${CANARY}`);
    await symlink(linked, join(day, 'link.wav'));
    await link(join(box.folder, 'canary.wav'), join(day, 'hard.wav'));
    const own = await speak.ask('elastix', `/api/api.php?cmd=getwavfile&name=/2026/01/02/${RECORDING.slice(9)}`);
    tally.works(
      own.status === 200 && own.bytes.includes('RIFF'),
      `the recording itself: ${own.status} ${own.body.slice(0, 200)}`,
    );
    for (const way of [
      ...['../canary.wav', '/../canary.wav', '../../canary.wav', '/2026/01/02/../../../canary.wav', '..'],
      ...['/2026/01/02/../canary.wav', '....//canary.wav', '..\\canary.wav', '%2e%2e/canary.wav', '/2026/01/02/..'],
      ...[join(box.folder, 'canary.wav'), '/etc/passwd', 'file:///etc/passwd', 'php://filter/resource=/etc/passwd'],
      ...['/2026/01/02/link.wav', '/2026/01/02/hard.wav', '20260102/link.wav', '.cdrd/medium', '/2026/01/02/'],
      ...['../state/cdrd.db', '../state/secret/dialects', '../canary.wav\u0000.wav', `${'../'.repeat(40)}etc/passwd`],
    ])
      for (const spelled of [encodeURIComponent(way), encodeURIComponent(encodeURIComponent(way))]) {
        const answer = await speak.ask('elastix', `/api/api.php?cmd=getwavfile&name=${spelled}`);
        const out = /canary-outside|root:x:0|SQLite format|"secret"/.test(answer.bytes);
        tally.tried(answer.status !== 200 && answer.status < 500 && !out, `${way}: ${answer.status} ${answer.body}`);
      }
    tally.works(existsSync(join(box.folder, 'canary.wav')), 'what lies outside is still there');

    const shown = await speak.ask('voipmonitor', '/admin.php?cdr_filter=%7Bfcaller:%22205%22%7D');
    tally.works(shown.status === 303, `the link to the calls: ${shown.status} ${shown.body}`);
    for (const evil of EVIL) {
      const text = encodeURIComponent(evil);
      for (const target of [
        `/admin.php?cdr_filter=%7B%22fcaller%22:${encodeURIComponent(JSON.stringify(evil))}%7D`,
        `/admin.php?cdr_filter=${text}`,
        `/admin.php?url=${text}&redirect=${text}&return=${text}`,
        `/index.php?activecalls=${text}`,
        `/index.php?activecalls=1&next=${text}`,
      ])
        for (const headers of [{}, { 'X-Forwarded-Host': 'evil.example', 'X-Original-URL': evil.trim() }]) {
          const answer = await speak.ask('voipmonitor', target, { headers });
          const to = answer.headers['location'] ?? '/';
          const stays = /^\/(?![/\\])/.test(to) && new URL(to, 'http://box').host === 'box';
          tally.tried(stays && (answer.bytes.match(/^location:/gim)?.length ?? 0) <= 1, `${target} leads to ${to}`);
        }
    }
    const followed = await speak.ask('voipmonitor', '/admin.php', { headers: ELSEWHERE });
    tally.works(followed.status === 303, `a link on another site: ${followed.status}`);
    // A page of another site has a browser send the cookie, where it is one that doesn't keep SameSite.
    for (const [dialect, target] of [
      [
        'voipmonitor',
        '/php/api.php?task=handleActiveCall&params=%7B%22command%22:%22pausecall%22,%22callRef%22:%221%22%7D',
      ],
      ['voipmonitor', '/php/api.php?task=getShareURL&params=%7B%22callId%22:%221767376800.0%22%7D'],
      ['voipmonitor', '/php/model/sql.php?task=LISTING&module=CDR&fdatefrom=2026-01-01T00:00:00'],
      ['mor', '/stats/call_list'],
      ['mor', '/phonebooks/add_new/0?number=998&name=evil'],
      ['mor', '/functions/activate_callback?src=205&dst=00491234567&acc=205'],
      ['elastix', '/api/api.php?cmd=cdrreport'],
    ] as const)
      for (const method of ['GET', 'POST']) {
        const answer = await speak.ask(dialect, target, { method, headers: ELSEWHERE });
        tally.tried(answer.status === 403, `${method} ${target} from another site: ${answer.status}`);
      }
    const cookies = [
      await box.ask('/php/model/sql.php?module=bypass_login&user=admin&pass=Kontor-admin-7391', { method: 'POST' }),
      await box.ask('/api/login?u=admin&p=Kontor-admin-7391', { method: 'POST' }),
    ];
    for (const { headers, body } of cookies) {
      const cookie = headers['set-cookie'] ?? '';
      tally.works(cookie !== '', `a log-in: ${body}`);
      tally.tried(/; ?httponly/i.test(cookie) && /; ?samesite=(strict|lax)/i.test(cookie), `its cookie is ${cookie}`);
    }
  },
};
