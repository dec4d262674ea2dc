/** Figures in Prometheus' text format. A figure is read when it is asked for; only what happens in between is counted. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export type Labels = Readonly<Record<string, string>>;
/** One value, or one for each set of labels. */
export type Reading = number | readonly (readonly [labels: Labels, value: number])[];

export interface Metrics {
  /** A value that goes up and down. */
  gauge(name: string, help: string, read: () => Reading): void;
  /** A value that only rises. */
  counter(name: string, help: string, read: () => Reading): void;
  /** Counts durations by upper bounds. @returns the function that takes one, in seconds. */
  histogram(name: string, help: string, bounds: readonly number[]): (seconds: number) => void;
  text(): string;
  close(): void;
}

/** Milliseconds between two beats of the loop's watch. */
const LOOP_MS = 10;

export function createMetrics(): Metrics {
  const figures: (() => string)[] = [];
  const loop = monitorEventLoopDelay({ resolution: LOOP_MS });
  loop.enable();

  function simple(type: 'gauge' | 'counter') {
    return (name: string, help: string, read: () => Reading) => {
      figures.push(() => {
        const reading = read();
        const values = typeof reading === 'number' ? ([[{}, reading]] as const) : reading;
        return header(name, help, type) + values.map(([labels, value]) => line(name, labels, value)).join('');
      });
    };
  }

  const metrics: Metrics = {
    gauge: simple('gauge'),
    counter: simple('counter'),
    histogram(name, help, bounds) {
      const counts = bounds.map(() => 0);
      let sum = 0;
      let count = 0;
      figures.push(() => {
        const buckets = bounds.map((bound, index) => line(`${name}_bucket`, { le: String(bound) }, counts[index] ?? 0));
        const rest = line(`${name}_bucket`, { le: '+Inf' }, count) + line(`${name}_sum`, {}, sum);
        return header(name, help, 'histogram') + buckets.join('') + rest + line(`${name}_count`, {}, count);
      });
      return (seconds) => {
        count++;
        sum += seconds;
        bounds.forEach((bound, index) => {
          if (seconds <= bound) counts[index] = (counts[index] ?? 0) + 1;
        });
      };
    },
    text: () => figures.map((figure) => figure()).join(''),
    close: () => loop.disable(),
  };

  // The delays are those since the last time somebody asked: an hour's bad second doesn't drown in a good month.
  metrics.gauge('cdrd_loop_delay_seconds', 'Delay of the main loop since the last reading.', () => {
    // It measures the time between two beats: what is over one beat is the delay.
    const late = (nanoseconds: number) => Math.max(0, (nanoseconds || 0) / 1e9 - LOOP_MS / 1000);
    const delay: Reading = [
      [{ quantile: '0.5' }, late(loop.percentile(50))],
      [{ quantile: '0.99' }, late(loop.percentile(99))],
      [{ quantile: '1' }, late(loop.max)],
    ];
    loop.reset();
    return delay;
  });
  metrics.gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  metrics.gauge('process_uptime_seconds', 'Seconds since the start.', () => process.uptime());
  return metrics;
}

function header(name: string, help: string, type: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(
    ([key, text]) => `${key}="${text.replaceAll(/["\\\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))}"`,
  );
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
}
