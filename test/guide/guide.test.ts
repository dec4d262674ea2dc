/** Runs every document beside this file; a document that a customer could read is a promise, and here it is kept. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'vitest';
import { parseDocument } from './document.ts';
import { openBox, runDocument } from './run-document.ts';

const documents = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .sort()
  .map((name) => parseDocument(`test/guide/${name}`, readFileSync(`${import.meta.dirname}/${name}`, 'utf8')));

describe('the guide', () => {
  test('has documents', ({ expect }) => expect(documents.length).toBeGreaterThan(0));

  for (const document of documents) {
    // They mostly wait for calls to be over, each in a daemon of its own.
    test.concurrent(`${document.name}: ${document.title}`, async ({ onTestFinished }) =>
      runDocument(document, await openBox(document, onTestFinished)));
  }
});
