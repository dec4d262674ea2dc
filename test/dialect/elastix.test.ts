/** The way into the Elastix API: the order of its checks, its four texts, its errors, and whose key opens what. */
import { describe, expect, test } from 'vitest';
import { elastix } from '../../cgi/dialect/elastix/elastix.ts';
import { logIn } from '../support/daemon.ts';
import { openElastix } from './elastix-box.ts';

const TEXT = 'text/html; charset=UTF-8';

test('looks at the command, then at the key, then whether there is such a command', async () => {
  const { ask, makeKey } = await openElastix();
  const key = await makeKey('admin');
  const other = `cdrd-00000000-${'x'.repeat(43)}`;
  for (const [asker, query, said] of [
    [null, '', 'test'],
    [other, '?name=x', 'test'],
    [null, '?cmd=cdrreport', 'key not found'],
    [null, '?cmd=', 'key not found'],
    ['', '?cmd=nothing', 'key not found'],
    [other, '?cmd=nothing', 'key not matched'],
    ['Basic YWRtaW46YWRtaW4=', '?cmd=cdrreport', 'key not matched'],
    [`${key}x`, '?cmd=cdrreport', 'key not matched'],
    [key, '?cmd=', 'cmd not matched'],
    [key, '?cmd=nothing', 'cmd not matched'],
    [key, '?cmd=toString', 'cmd not matched'],
    [key, '?cmd=__proto__', 'cmd not matched'],
    [key, '?cmd=CdrReport', 'cmd not matched'],
    [`Bearer ${key}`, '?cmd=nothing', 'cmd not matched'],
  ] as const) {
    const told = { status: 200, type: TEXT };
    expect({ asker, query, ...(await ask(asker, query)) }).toMatchObject({ asker, query, ...told, text: said });
    expect(await ask(asker, query, { cmd: 'auth' })).toMatchObject({ ...told, text: said });
    expect(await ask(asker, query, undefined, { method: 'HEAD' })).toMatchObject({ ...told, text: '' });
  }
});

test("a session's token is no key, and a revoked key none any more", async () => {
  const { daemon, ask, makeKey } = await openElastix();
  const key = await makeKey('admin');
  expect((await ask(await logIn(daemon.url, 'admin'), '?cmd=x')).text).toBe('key not matched');
  expect((await ask(key, '?cmd=x')).text).toBe('cmd not matched');
  const id = key.slice(5, 13);
  expect((await daemon.get(`/cgi/webserve/30012?id=${id}`)).status).toBe(200);
  expect((await ask(key, '?cmd=x')).text).toBe('key not matched');
  const { json_array_audit: lines } = (await daemon.json('/cgi/webserve/30018?limit=1')) as Record<string, unknown[]>;
  expect(lines).toMatchObject([{ action: 'key.refused' }]);
});

test('what its document has and this box has not is an error in its form', async () => {
  const { ask, makeKey } = await openElastix();
  const key = await makeKey('admin');
  for (const cmd of ['addextension', 'deleteextension', 'getallfollowmeextensions']) {
    const { status, type, text } = await ask(key, `?cmd=${cmd}`, { account: '100' });
    expect({ status, type }).toEqual({ status: 501, type: 'application/json' });
    expect(text).toMatch(new RegExp(`^\\{"status": "${cmd}: [^"]+", "code": 501\\}$`));
  }
  expect(await ask(key, '?cmd=auth')).toMatchObject({
    status: 403,
    text: '{"status": "auth: this box gives no password away", "code": 403}',
  });
  const put = await ask(key, '?cmd=auth', undefined, { method: 'PUT' });
  expect(put).toMatchObject({ status: 405, text: '{"status": "GET, HEAD, POST only", "code": 405}' });
  expect(put.headers.get('allow')).toBe('GET, HEAD, POST');
});

describe('rights', () => {
  test('are those of the numbers: by role, and by what a key is limited to', async () => {
    const { daemon, ask, makeKey } = await openElastix();
    const [monitor, report, files] = [
      await makeKey('monitor'),
      await makeKey('admin', '&numbers=9006'),
      await makeKey('admin', '&numbers=20036'),
    ];
    const status = async (key: string, cmd: string, init = {}) =>
      (await ask(key, `?cmd=${cmd}`, undefined, init)).status;
    expect(await status(monitor, 'cdrreport')).toBe(403);
    expect(await status(monitor, 'cdrreport', { method: 'HEAD' })).toBe(403);
    expect(await status(monitor, 'getwavfile&name=x.wav')).toBe(404);
    expect(await status(report, 'cdrreport')).toBe(200);
    expect(await status(report, 'getwavfile&name=x.wav')).toBe(403);
    expect(await status(files, 'cdrreport')).toBe(403);
    expect(await status(files, 'getwavfile&name=x.wav')).toBe(404);
    const { json_array_audit: lines } = (await daemon.json('/cgi/webserve/30018?limit=5')) as Record<string, unknown[]>;
    expect(lines).toContainEqual(expect.objectContaining({ action: 'denied', who: 'key:crm1' }));
  });

  test('HEAD is told whether it may, and nothing is looked for', async () => {
    const { ask, makeKey } = await openElastix();
    const key = await makeKey('admin');
    const answer = await ask(key, '?cmd=cdrreport&limit=wrong', undefined, { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 200, type: 'application/json', text: '' });
    expect(answer.headers.get('content-length')).toBeNull();
    const request = {
      method: 'HEAD',
      query: 'cmd=cdrreport',
      address: '',
      header: () => key,
      body: () => Promise.reject(new Error('read')),
    };
    const services = { keys: { find: () => ({ user: 'key:x', role: 'admin', numbers: null, scopes: new Set() }) } };
    expect(await elastix.answer(request as never, services as never)).toMatchObject({ kind: 'rows' });
  });
});
