/** What `cdrd doctor` finds on a box, run by root as a technician would. */
import type { Finding } from '../../daemon/doctor/finding.ts';
import type { Box } from './box.ts';

/** Findings that are not "ok". @throws where its exit code says otherwise, or it says nothing at all. */
export async function doctor(box: Box): Promise<readonly Finding[]> {
  const { code, output } = await box.try('cdrd doctor --json');
  const start = output.indexOf('{');
  if (start < 0) throw new Error(`doctor ended ${code}: ${output}`);
  const { findings } = JSON.parse(output.slice(start)) as { findings: Finding[] };
  const bad = findings.filter(({ state }) => state !== 'ok');
  if (findings.length === 0 || (bad.length === 0) !== (code === 0)) throw new Error(`doctor ended ${code}: ${output}`);
  return bad;
}
