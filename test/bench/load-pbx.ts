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
  const begin = (callsASecond: number) =>
    startSimulator({
      username: 'cdrd',
      secret,
      port,
      zone,
      customCsvPath: csv,
      callsPerMinute: callsASecond * 60,
      warn: (message) => console.log(`simulated PBX: ${message}`),
    });
  let simulator = await begin(0);
  process.on('message', async (callsASecond: number) => {
    await simulator.close();
    simulator = await begin(callsASecond);
    process.send?.(callsASecond);
  });
  process.send(0);
}
