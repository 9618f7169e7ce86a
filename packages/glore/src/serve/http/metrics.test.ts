import { expect, it } from 'vitest';
import { serverMetrics } from './metrics.js';

it("writes Prometheus' text format", () => {
  const metrics = serverMetrics({ running: () => 3, queued: () => 0 });
  metrics.requests.add({ path: '/v1', model: 'a"b\\c\n', status: 200 });
  metrics.requests.add({ path: '/v1', model: 'a"b\\c\n', status: 200 }, 2);
  metrics.batchRows.observe({ model: 'orm' }, 2);
  metrics.batchRows.observe({ model: 'orm' }, 600);
  const text = metrics.text();
  expect(text).toContain(
    '# HELP glore_requests_total Requests answered.\n' +
      '# TYPE glore_requests_total counter\n' +
      'glore_requests_total{path="/v1",model="a\\"b\\\\c\\n",status="200"} 3\n',
  );
  expect(text).toContain('# TYPE glore_requests_running gauge\nglore_requests_running 3\n');
  expect(text).toContain('# TYPE glore_batch_rows histogram\n');
  expect(text).toContain('glore_batch_rows_bucket{model="orm",le="1"} 0\n');
  expect(text).toContain('glore_batch_rows_bucket{model="orm",le="2"} 1\n');
  expect(text).toContain('glore_batch_rows_bucket{model="orm",le="512"} 1\n');
  expect(text).toContain(
    'glore_batch_rows_bucket{model="orm",le="+Inf"} 2\n' +
      'glore_batch_rows_sum{model="orm"} 602\nglore_batch_rows_count{model="orm"} 2\n',
  );
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.trimEnd().split('\n')) {
    expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{.*\})? [\d.e+-]+)$/);
  }
});
