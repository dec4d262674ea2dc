/** Figures as Prometheus reads them: https://prometheus.io/docs/instrumenting/exposition_formats/ */
import { expect, onTestFinished, test } from 'vitest';
import { createMetrics } from '../../daemon/metrics.ts';

function fresh() {
  const metrics = createMetrics();
  onTestFinished(() => metrics.close());
  const own = () =>
    metrics
      .text()
      .split(/(?=# HELP )/)
      .find((figure) => figure.startsWith('# HELP x')) ?? '';
  return { metrics, own };
}

test('a gauge is read when it is asked for, a labelled one line for line', () => {
  const { metrics, own } = fresh();
  let value = 1;
  metrics.gauge('x', 'Some help.', () => value);
  expect(own()).toBe('# HELP x Some help.\n# TYPE x gauge\nx 1\n');
  value = -2.5;
  expect(own()).toContain('\nx -2.5\n');
});

test('labels are escaped', () => {
  const { metrics, own } = fresh();
  metrics.counter('x', 'h', () => [
    [{ name: 'a"b\\c\nd', other: '' }, 3],
    [{}, 4],
  ]);
  expect(own()).toBe('# HELP x h\n# TYPE x counter\nx{name="a\\"b\\\\c\\nd",other=""} 3\nx 4\n');
});

test('a histogram’s buckets hold everything up to their bound', () => {
  const { metrics, own } = fresh();
  const take = metrics.histogram('x', 'h', [0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 2]) take(seconds);
  expect(own()).toBe(
    '# HELP x h\n# TYPE x histogram\nx_bucket{le="0.1"} 2\nx_bucket{le="1"} 3\nx_bucket{le="+Inf"} 4\nx_sum 2.65\nx_count 4\n',
  );
});

test('every line of the whole is one that a scraper takes, also before anything was measured', () => {
  const { metrics } = fresh();
  for (const text of [metrics.text(), metrics.text()])
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(
        /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? \d+(\.\d+)?(e-?\d+)?)$/,
      );
});
