/** The phone book: in, out, round, and met by the numbers in calls. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONTACTS_MAX, CONTACTS_STEP, createPhoneBook } from '../../cgi/contact/book.ts';
import { dispatch } from '../../cgi/dispatch.ts';
import type { Contact } from '../../storage/store.ts';
import { leg } from '../support/legs.ts';
import { NOW, openBox } from './box.ts';

const BY = { who: 'test', address: '' };
const form = (values: Record<string, string>) => new URLSearchParams(values).toString();

function openBook() {
  const box = openBox();
  const put = (values: Record<string, string>) => box.ask(30014, '', 'admin', form(values));
  async function book(query = ''): Promise<Contact[]> {
    const { status, body } = await box.ask(30013, query);
    expect(status).toBe(200);
    return body['json_array_contacts'] as Contact[];
  }
  async function csv(): Promise<string> {
    const token = box.services.sessions.begin({ user: 'admin', role: 'admin' }).token;
    const request = { number: '30013', query: 'format=csv', body: async () => '', token, address: '192.0.2.7' };
    const reply = await dispatch(request, box.services);
    if (reply.kind !== 'rows') throw new Error(`a reply of kind ${reply.kind}`);
    expect(reply).toMatchObject({ type: 'text/csv; charset=utf-8', filename: 'phone-book.csv' });
    let text = '';
    for await (const piece of reply.text) text += piece;
    return text;
  }
  const message = async (values: Record<string, string>) => {
    const { status, body } = await put(values);
    const { parameter, message } = body['error'] as { parameter: string; message: string };
    return [status, parameter, message];
  };
  return { ...box, put, book, csv, message };
}

test('whose some numbers are is asked in one question: exactly, each once, and of nobody nothing', async () => {
  const { put, services } = openBook();
  await put({ number: '205', name: 'Reception', group: 'House' });
  await put({ number: '+4930123', name: 'Ana' });
  const found = await services.phoneBook.of(['205', '205', '', '30123', '620(205)', '+4930123']);
  expect([...found.values()]).toEqual([
    { number: '205', name: 'Reception', group: 'House' },
    { number: '+4930123', name: 'Ana', group: '' },
  ]);
  expect((await services.phoneBook.of(['', '999'])).size).toBe(0);
});

test('one contact is put, changed, listed in parts and removed, and each change stands in the audit log', async () => {
  const { put, book, ask, store } = openBook();
  expect(await book()).toEqual([]);
  await put({ number: '+4930123', name: ' Jürgen Groß ', group: 'Kunden' });
  await put({ number: '205', name: 'Reception' });
  expect(await put({ number: '205', name: '前台', group: 'Office' })).toMatchObject({
    status: 200,
    body: { result: 'success', contacts: 1 },
  });
  const both = [
    { number: '+4930123', name: 'Jürgen Groß', group: 'Kunden' },
    { number: '205', name: '前台', group: 'Office' },
  ];
  expect(await book()).toEqual(both);
  expect(await book('limit=1')).toEqual([both[0]]);
  expect(await book('after=%2B4930123')).toEqual([both[1]]);
  expect((await ask(30013, 'limit=1')).body['json_obj_filter']).toEqual({ totalcount: 2 });
  expect((await ask(30015, 'numbers=205,999')).body).toEqual({ result: 'success', removed: 1 });
  expect((await ask(30015, 'all=1')).body).toEqual({ result: 'success', removed: 1 });
  expect(await book()).toEqual([]);
  const audit = (await store.ask('auditEntries', { before: null, limit: 10 })).entries;
  expect(audit.map(({ who, address, action, detail }) => [who, address, action, detail])).toEqual([
    ['admin', '192.0.2.7', 'contacts.cleared', { count: 1 }],
    ['admin', '192.0.2.7', 'contacts.removed', { numbers: '205,999' }],
    ['admin', '192.0.2.7', 'contacts.put', { number: '205', name: '前台', group: 'Office' }],
    ['admin', '192.0.2.7', 'contacts.put', { number: '205', name: 'Reception', group: '' }],
    ['admin', '192.0.2.7', 'contacts.put', both[0]],
  ]);
});

test('a contact is met by the caller, or by whom one of us called, exactly as shown', async () => {
  const { put, call, list } = openBook();
  await put({ csv: 'number,name,group\n004930123,Ada,A\n205,Desk,D\n204,Other,O\n', replace: '1' });
  const trunk = { channel: 'SIP/96-00000001', destinationChannel: 'SIP/204-00000002', callType: 'Inbound' } as const;
  await call(leg(NOW - 300, { ...trunk, source: '004930123', uniqueId: 'a.1', linkedId: 'a.1' }));
  await call(leg(NOW - 200, { ...trunk, source: '+4930123', uniqueId: 'b.1', linkedId: 'b.1' }));
  const out = { channel: 'SIP/205-00000003', destinationChannel: 'SIP/96-00000004', callType: 'Outbound' } as const;
  await call(leg(NOW - 100, { ...out, destination: '004930123', uniqueId: 'c.1', linkedId: 'c.1' }));
  await call(leg(NOW - 50, { uniqueId: 'd.1', linkedId: 'd.1' }));
  const { rows } = await list(9006, '');
  expect(rows.map(({ UniqueID, contact, groupname }) => [UniqueID, contact, groupname])).toEqual([
    ['d.1', 'Desk', 'D'], // internal: the caller
    ['c.1', 'Ada', 'A'], // outbound: whom 205 called
    ['b.1', '', ''], // another shape of the number is another number
    ['a.1', 'Ada', 'A'],
  ]);
});

describe('CSV', () => {
  test('is what the list gives, and comes back as it was', async () => {
    const { put, book, csv } = openBook();
    await put({ number: '+4930123', name: '=HYPERLINK("http://x")', group: '@all' });
    await put({ number: '-5x', name: "'=1", group: "O'Neil, \"Jo\"; 'quoted'" });
    await put({ number: '*97', name: '+1+1' });
    const text = await csv();
    expect(text).toBe(
      [
        'number,name,group',
        "*97,'+1+1,",
        '+4930123,"\'=HYPERLINK(""http://x"")",\'@all',
        '\'-5x,\'\'=1,"O\'Neil, ""Jo""; \'quoted\'"',
        '',
      ].join('\r\n'),
    );
    const before = await book();
    expect((await put({ csv: text, replace: '1' })).status).toBe(200);
    expect(await book()).toEqual(before);
  });

  test('any book comes back', async () => {
    const { services, put, book, csv } = openBook();
    const number = fc.string({
      unit: fc.constantFrom('1', '+', '-', '*', '#', '.', '_', '@', 'ä'),
      minLength: 1,
      maxLength: 8,
    });
    const text = fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .map((each) => each.trim())
      .filter((each) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(each));
    const contact = fc.record({ number, name: text.map((name) => `${name}.`), group: text });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(contact, { selector: (each) => each.number, maxLength: 5 }), async (contacts) => {
        await services.phoneBook.replace(contacts, BY);
        const before = await book();
        expect(before).toHaveLength(contacts.length);
        expect((await put({ csv: await csv(), replace: '1' })).status).toBe(200);
        expect(await book()).toEqual(before);
      }),
      { numRuns: 60 },
    );
  });

  test('takes semicolons, any order of the columns, a byte order mark, and leaves the rest of the book', async () => {
    const { put, book } = openBook();
    await put({ number: '1', name: 'One' });
    await put({ csv: '\ufeffGroup;Name;Number\r\nG;Two;2\r\n\r\n;"T;hree";3' });
    await put({ csv: 'number,name\n1,Uno' });
    expect(await book()).toEqual([
      { number: '1', name: 'Uno', group: '' },
      { number: '2', name: 'Two', group: 'G' },
      { number: '3', name: 'T;hree', group: '' },
    ]);
    await put({ csv: 'number,name,group\n4,Four,', replace: '1' });
    expect(await book()).toEqual([{ number: '4', name: 'Four', group: '' }]);
  });

  test('is taken whole or not at all, and every faulty line is named', async () => {
    const { put, book, message } = openBook();
    await put({ number: '1', name: 'One' });
    const text = [
      'number,name,group',
      '2,Two,',
      '0 30 12,Blank,',
      '3,,G',
      '2,Again,',
      '4,"Li\u0007ne",',
      '620(202),Both,',
      '5,a,b,c',
      '6,"open',
    ].join('\n');
    expect(await message({ csv: text, replace: '1' })).toEqual([
      400,
      'csv',
      `csv is at fault, nothing was changed: ${[
        'line 3: number must be a number as calls show it: digits, letters, + * # . _ @ - without blanks and brackets',
        'line 4: name must not be empty',
        'line 5: number 2 stands in line 2 already',
        'line 6: name must not hold line breaks or other control characters',
        'line 7: number must be a number as calls show it: digits, letters, + * # . _ @ - without blanks and brackets',
        'line 8: has 4 cells where the header has 3',
        'line 9: has a quote that is out of place or not closed',
      ].join('; ')}`,
    ]);
    const many = `number,name\n${',x\n'.repeat(50)}`;
    expect((await message({ csv: many }))[2]).toMatch(/line 21: [^;]+; and 30 more$/);
    expect(await book()).toEqual([{ number: '1', name: 'One', group: '' }]);
  });

  test.each(['', 'name,group\n', '1,One,\n', 'number,name,colour\n', 'number,name,name\n'])(
    '%j has no header',
    async (csv) => {
      expect(await openBook().message({ csv })).toEqual([400, 'csv', 'csv must begin with the line number,name,group']);
    },
  );
});

test.each([
  [{}, 'number', 'number is missing'],
  [{ number: '1' }, 'name', 'name is missing'],
  [{ number: '1', name: ' ' }, 'name', 'name must not be empty'],
  [{ number: '1', name: 'a\nb' }, 'name', 'name must not hold line breaks or other control characters'],
  [{ number: '1', name: 'x'.repeat(81) }, 'name', 'name must be at most 80 characters'],
  [{ number: '1', name: 'x', group: '\u0000' }, 'group', 'group must not hold line breaks or other control characters'],
  [{ number: '1'.repeat(41), name: 'x' }, 'number', 'number must be at most 40 characters'],
  [{ number: '1', name: 'x', replace: '1' }, 'replace', 'replace goes with csv'],
  [{ number: '1', csv: 'number,name' }, 'csv', 'csv goes without number, name and group'],
])('%j is refused by name', async (values, parameter, message) => {
  expect(await openBook().message(values)).toEqual([400, parameter, message]);
});

test('a csv is looked at before it is sent: how many, the first ones, and each faulty line; nothing is changed', async () => {
  const { put, book, message } = openBook();
  const rows = Array.from({ length: 30 }, (_, i) => `${500 + i},Name ${i},`);
  const csv = ['number,name,group', ...rows, '1 2,Blank,', '500,Twice,'].join('\n');
  const { status, body } = await put({ csv, dryrun: '1' });
  expect([status, body['contacts'], body['faults']]).toEqual([200, 30, 2]);
  expect(body['json_array_contacts']).toHaveLength(20);
  expect(body['json_array_faults']).toEqual([
    { line: 32, message: expect.stringContaining('number must be a number') },
    { line: 33, message: 'number 500 stands in line 2 already' },
  ]);
  expect(await book()).toEqual([]);
  expect(await message({ csv: 'nonsense', dryrun: '1' })).toEqual([
    400,
    'csv',
    'csv must begin with the line number,name,group',
  ]);
  expect(await message({ number: '1', name: 'x', dryrun: '1' })).toEqual([400, 'dryrun', 'dryrun goes with csv']);
});

test('the book is searched in number, name and group, any case', async () => {
  const { put, book } = openBook();
  await put({ csv: 'number,name,group\n201,Zoë,House\n202,Max,Customers\n9201,Anna,' });
  const found = async (text: string) =>
    (await book(new URLSearchParams({ search: text }).toString())).map(({ number }) => number);
  expect(await found('201')).toEqual(['201', '9201']);
  expect(await found('zOË')).toEqual(['201']);
  expect(await found('cust')).toEqual(['202']);
  expect(await found('nobody')).toEqual([]);
});

test('what is to be removed must be said', async () => {
  const { ask } = openBook();
  const error = async (query: string) => (await ask(30015, query)).body['error'];
  expect(await error('')).toMatchObject({ parameter: 'numbers' });
  expect(await error('numbers=')).toMatchObject({ parameter: 'numbers' });
  expect(await error('numbers=1&all=1')).toMatchObject({ parameter: 'all' });
  const many = Array.from({ length: CONTACTS_STEP + 1 }, (_, index) => index).join(',');
  expect(await error(`numbers=${many}`)).toMatchObject({ message: 'numbers has more than 500 numbers' });
});

describe('a large book', () => {
  const contacts = (count: number, name = 'Name') =>
    Array.from({ length: count }, (_, index) => ({ number: `+49${index}`, name: `${name} ${index}`, group: '' }));

  test('fills up to its bound and no further, by either way', { timeout: 60_000 }, async () => {
    const { services, put, ask, book, message } = openBook();
    const text = (rows: readonly Contact[]) =>
      `number,name\n${rows.map((row) => `${row.number},${row.name}\n`).join('')}`;
    expect((await put({ csv: text(contacts(CONTACTS_MAX)) })).status).toBe(200);
    expect(await services.phoneBook.count()).toBe(CONTACTS_MAX);
    const full = 'the phone book takes 20000 contacts, this would make it 20001';
    expect(await message({ number: '1', name: 'One more' })).toEqual([400, 'number', full]);
    expect(await message({ csv: text([...contacts(1_000), { number: '1', name: 'x', group: '' }]) })).toEqual([
      400,
      'csv',
      full,
    ]);
    expect((await message({ csv: text(contacts(CONTACTS_MAX + 1)) }))[2]).toBe('csv has more than 20000 contacts');
    expect((await put({ number: '+497', name: 'Changed' })).status).toBe(200); // it is in there already
    expect((await put({ csv: text(contacts(1_000, 'New')) })).status).toBe(200);
    const listed = await book();
    expect(listed).toHaveLength(CONTACTS_MAX);
    expect(listed.filter(({ name }) => name.startsWith('New'))).toHaveLength(1_000);
    expect((await ask(30015, 'all=1')).body).toEqual({ result: 'success', removed: CONTACTS_MAX });
  });

  test('two changes at once come one after the other, and too many are told to wait', async () => {
    const { services } = openBook();
    const { phoneBook } = services;
    const changes = [
      phoneBook.replace(contacts(1_200, 'A'), BY),
      phoneBook.put(contacts(700, 'B'), BY),
      phoneBook.replace(contacts(1_300, 'C'), BY),
      phoneBook.put([{ number: '1', name: 'D', group: '' }], BY),
      phoneBook.put([{ number: '2', name: 'E', group: '' }], BY),
    ];
    const settled = await Promise.allSettled(changes);
    expect(settled.map(({ status }) => status)).toEqual([...Array(4).fill('fulfilled'), 'rejected']);
    expect(settled[4]).toMatchObject({ reason: { code: 'busy', retryAfter: 5 } });
    expect(await phoneBook.count()).toBe(1_301);
  });

  test('what fails or is killed on its way leaves the old book, and the next change begins anew', async () => {
    const { store } = openBook();
    await createPhoneBook(store).replace(contacts(3, 'Old'), BY);
    let steps = 0;
    const dying = createPhoneBook({
      ...store,
      write: (item) => (steps++ < 2 ? store.write(item) : Promise.reject(new Error('killed'))),
    });
    await expect(dying.replace(contacts(1_500, 'Half'), BY)).rejects.toThrow('killed');
    expect(await store.ask('contacts', { after: '', limit: 10 })).toEqual(contacts(3, 'Old'));
    await createPhoneBook(store).replace(contacts(2, 'New'), BY);
    expect(await store.ask('contacts', { after: '', limit: 10 })).toEqual(contacts(2, 'New'));
  });
});
