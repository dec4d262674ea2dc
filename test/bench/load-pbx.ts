/** The PBX of load.ts, in a process of its own: what it spends of the processor is nobody's delay. Its messages: calls a second. */
import { startSimulator } from '../simulator/simulator.ts';

export interface PbxJob {
  readonly port: number;
  readonly secret: string;
  readonly csv: string;
  readonly zone: string;
}

if (process.send) {
  const { port, secret, csv, zone } = JSON.parse(process.argv[2] ?? '{}') as PbxJob;
  const warn = (message: string) => console.log(`simulated PBX: ${message}`);
  // One PBX for all rates: of one that began anew with each the daemon would not know what it had missed.
  const simulator = await startSimulator({ username: 'cdrd', secret, port, zone, customCsvPath: csv, warn });
  process.on('message', (callsASecond: number) => {
    simulator.setRate(callsASecond * 60);
    process.send?.(callsASecond);
  });
  process.send(0);
}
