/** A certificate as a box makes it for itself, in a folder of its own. */
import { onTestFinished } from 'vitest';
import { type Certificate, openCertificate } from '../../daemon/http/certificate.ts';
import { createLog } from '../../daemon/log.ts';
import { temporaryFolder } from '../support/folder.ts';

export async function ownCertificate(): Promise<{ readonly certificate: Certificate; readonly dir: string }> {
  const dir = temporaryFolder();
  const certificate = await openCertificate({
    dir,
    log: createLog({ level: 'error', write: () => {}, terminal: false }),
    names: () => ({ host: 'x', listed: [], addresses: [] }),
    now: Date.now,
  });
  onTestFinished(() => certificate.close());
  return { certificate, dir };
}
