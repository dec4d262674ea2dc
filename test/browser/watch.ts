/** What a page does wrong, what axe says of it, and how it looks. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContextOptions, Download, Page, Request } from 'playwright-core';
import { expect } from 'vitest';

export const SIZES = {
  /** The narrowest phone that is in use. */
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 } },
  /** 4K. */
  wide: { viewport: { width: 3840, height: 2160 } },
} as const satisfies Record<string, BrowserContextOptions>;
export type Size = keyof typeof SIZES;

const announced = new WeakMap<Page, RegExp[]>();

/** From now on such faults belong to the test: they may happen, and needn't. */
export function announce(page: Page, pattern: RegExp): void {
  announced.set(page, [...(announced.get(page) ?? []), pattern]);
}

export interface Watch {
  /** What has gone wrong so far. */
  all(): readonly string[];
  /** Of that, what was not announced. */
  faults(): readonly string[];
}

/** What each page has asked for and not got yet. Sound is left out: its answer lasts as long as somebody listens. */
const underWay = new WeakMap<Page, Set<Request>>();

/**
 * Waits until a page has all that it asked for and shows it. By what is under way, and not by half a second without a request
 * (`networkidle`): a busy machine takes longer than that between an answer and what follows from it, and an idle one less.
 */
export async function settled(page: Page): Promise<void> {
  // Twice, because a request that a test routes is told of a moment after it was made.
  for (let quiet = 0; quiet < 2; ) {
    await expect.poll(() => [...(underWay.get(page) ?? [])].map((request) => request.url())).toEqual([]);
    // What an answer leads to is drawn, and its effects, which may ask for more, come behind the frame.
    const isDrawn = await page.evaluate(async () => {
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
      await new Promise((resolve) => setTimeout(resolve));
      return ![...document.querySelectorAll('.loading')].some((each) => each.checkVisibility());
    });
    quiet = isDrawn && underWay.get(page)?.size === 0 ? quiet + 1 : 0;
  }
}

function follow(page: Page): void {
  if (underWay.has(page)) return;
  const waiting = new Set<Request>();
  underWay.set(page, waiting);
  page.on('request', (request) => {
    // Of what a page that is left was waiting for nothing more may be heard.
    if (request.isNavigationRequest()) waiting.clear();
    if (request.resourceType() !== 'media') waiting.add(request);
  });
  page.on('requestfinished', (request) => waiting.delete(request));
  page.on('requestfailed', (request) => waiting.delete(request));
}

/** Listens from now on. @param origin Where its requests may go. */
export function watch(page: Page, origin: string): Watch {
  const found: string[] = [];
  follow(page);
  page.on('pageerror', (error) => found.push(`exception: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      found.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!/^(data|blob):/.test(url) && new URL(url).host !== new URL(origin).host)
      found.push(`request elsewhere: ${url}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) found.push(`status ${response.status()}: ${response.url()}`);
  });
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    // The page itself has let go of it, or was left.
    if (why !== 'net::ERR_ABORTED') found.push(`request failed: ${why} ${request.url()}`);
  });
  page.on('crash', () => found.push('the page crashed'));
  return {
    all: () => found,
    faults: () => found.filter((fault) => !(announced.get(page) ?? []).some((pattern) => pattern.test(fault))),
  };
}

/** What a download holds. The browser is another process's: its files are fetched from there. */
export async function textOf(download: Download): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-download-'));
  try {
    await download.saveAs(`${folder}/file`);
    return readFileSync(`${folder}/file`, 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
}

/**
 * @param within Only this part, by a selector.
 * @returns axe-core's serious and critical findings, each as a text with the elements; [] is what a test expects.
 */
export async function axe(page: Page, within?: string): Promise<string[]> {
  // By remote control: the page's policy lets nothing be added to it.
  const control = await page.context().newCDPSession(page);
  const evaluate = async (expression: string) => {
    const { result, exceptionDetails } = await control.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      allowUnsafeEvalBlockedByCSP: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as unknown;
  };
  try {
    await evaluate(`window.axe ? 0 : (() => { ${AXE}; return 1; })()`);
    const context = within === undefined ? 'document' : JSON.stringify(within);
    const found = (await evaluate(
      `axe.run(${context}, { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
    )) as Finding[];
    return found
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, impact, help, nodes }) =>
        [
          `${impact} ${id}: ${help}`,
          ...nodes
            .slice(0, 5)
            .map(
              ({ target, failureSummary = '' }) => `  ${target.join(' ')} — ${failureSummary.replaceAll(/\s+/g, ' ')}`,
            ),
        ].join('\n'),
      );
  } finally {
    await control.detach();
  }
}

const SHOTS = fileURLToPath(new URL('../.build/browser/shots/', import.meta.url));

/**
 * A picture of the page as it is seen, in CDRD_SHOTS or test/.build/browser/shots.
 * @param whole The whole page, however long.
 * @returns where it lies.
 */
export async function shot(page: Page, name: string, whole = false): Promise<string> {
  const path = `${process.env['CDRD_SHOTS'] ?? SHOTS}/${name}.png`;
  mkdirSync(dirname(path), { recursive: true });
  await page.screenshot({ path, fullPage: whole, animations: 'disabled' });
  return path;
}
