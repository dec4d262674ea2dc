/**
 * Once for all files: builds daemon and pages as they ship, sets an office up that each box is a copy of, and starts the one
 * Chromium. CDRD_BROWSER_KEEP=1 takes the office of an earlier run that is not an hour old, for who works on one page.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { makeOffice } from './office.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The built daemon's folder. */
    readonly bundle: string;
    /** The folder that boxes are copies of, and the zone of their clock. */
    readonly office: string;
    readonly zone: string;
    /** Where Chromium listens for its remote control. */
    readonly chromium: string;
  }
}

const BUILT = fileURLToPath(new URL('../.build/browser/', import.meta.url));
const HOUR_MS = 3_600_000;

/**
 * At the box it is the afternoon, whenever the tests run: there is a today with calls in it, and pages look alike.
 * @returns a zone of whole hours.
 */
function afternoonZone(): string {
  const ahead = 16 - new Date().getUTCHours(); // −7 to 16
  const east = ahead > 14 ? ahead - 24 : ahead;
  return `Etc/GMT${east > 0 ? '-' : '+'}${Math.abs(east)}`;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const bundle = `${BUILT}dist`;
  const zone = afternoonZone();
  const office = `${BUILT}office-${zone.replace(/\W/g, '')}`;
  mkdirSync(BUILT, { recursive: true });
  execFileSync('npm', ['run', '--silent', 'build'], { env: { ...process.env, OUT: bundle }, stdio: 'inherit' });
  const isKept =
    process.env['CDRD_BROWSER_KEEP'] === '1' &&
    existsSync(`${office}/ready`) &&
    Date.now() - statSync(`${office}/ready`).mtimeMs < HOUR_MS;
  if (!isKept) {
    rmSync(office, { recursive: true, force: true });
    await makeOffice(bundle, office, zone);
  }
  const server = await chromium.launchServer({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--font-render-hinting=none', '--mute-audio'],
      '--autoplay-policy=no-user-gesture-required',
      // Nothing leaves this machine, whatever a page says.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
    ],
  });
  project.provide('bundle', bundle);
  project.provide('office', office);
  project.provide('zone', zone);
  project.provide('chromium', server.wsEndpoint());
  return async () => {
    await server.close();
  };
}
