/** Counters, gauges and histograms in Prometheus' text format (version 0.0.4). */

type Labels = Readonly<Record<string, string | number>>;

abstract class Metric {
  readonly name: string;
  readonly help: string;
  abstract readonly type: string;

  constructor(name: string, help: string) {
    this.name = name;
    this.help = help;
  }

  abstract lines(): string[];

  toString(): string {
    const { name, help, type } = this;
    return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...this.lines(), ''].join('\n');
  }
}

class Counter extends Metric {
  readonly type = 'counter';
  private readonly values = new Map<string, number>();

  add(labels: Labels, amount = 1): void {
    const key = labelled(labels);
    this.values.set(key, (this.values.get(key) ?? 0) + amount);
  }

  lines(): string[] {
    return [...this.values].map(([labels, value]) => `${this.name}${labels} ${value}`);
  }
}

class Gauge extends Metric {
  readonly type = 'gauge';
  private readonly read: () => number;

  constructor(name: string, help: string, read: () => number) {
    super(name, help);
    this.read = read;
  }

  lines(): string[] {
    return [`${this.name} ${this.read()}`];
  }
}

class Histogram extends Metric {
  readonly type = 'histogram';
  private readonly bounds: readonly number[];
  private readonly series = new Map<string, { labels: Labels; counts: number[]; sum: number }>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    super(name, help);
    this.bounds = [...bounds, Infinity];
  }

  observe(labels: Labels, value: number): void {
    const key = labelled(labels);
    let found = this.series.get(key);
    if (!found) {
      found = { labels, counts: this.bounds.map(() => 0), sum: 0 };
      this.series.set(key, found);
    }
    this.bounds.forEach((bound, i) => {
      if (value <= bound) found.counts[i]!++;
    });
    found.sum += value;
  }

  lines(): string[] {
    return [...this.series].flatMap(([key, { labels, counts, sum }]) => [
      ...this.bounds.map((bound, i) => {
        const le = bound === Infinity ? '+Inf' : bound;
        return `${this.name}_bucket${labelled({ ...labels, le })} ${counts[i]}`;
      }),
      `${this.name}_sum${key} ${sum}`,
      `${this.name}_count${key} ${counts.at(-1)}`,
    ]);
  }
}

/** `{a="x",b="y"}`; nothing without labels. */
function labelled(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => {
    const escaped = String(value).replace(/[\\"\n]/g, (sign) =>
      sign === '\n' ? '\\n' : `\\${sign}`,
    );
    return `${name}="${escaped}"`;
  });
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** What the server counts; the page of interfaces lists it. */
export function serverMetrics(state: {
  readonly running: () => number;
  readonly queued: () => number;
}) {
  const metrics = {
    requests: new Counter('glore_requests_total', 'Requests answered.'),
    duration: new Histogram('glore_request_seconds', 'Time to the end of the answer.', seconds),
    first: new Histogram('glore_first_text_seconds', "Time to a stream's first text.", seconds),
    promptTokens: new Counter('glore_prompt_tokens_total', 'Tokens of prompts.'),
    generatedTokens: new Counter('glore_generated_tokens_total', 'Tokens generated.'),
    scoredTokens: new Counter('glore_scored_tokens_total', 'Tokens read on endpoints that score.'),
    choices: new Counter('glore_choices_total', 'Answers of the refining model by their source.'),
    roleRequests: new Counter('glore_role_requests_total', 'Requests that roles have cost.'),
    roleTokens: new Counter('glore_role_tokens_total', 'Tokens that roles have read and written.'),
    roleSeconds: new Counter('glore_role_seconds_total', 'Seconds that roles were waited for.'),
    passed: new Counter('glore_passed_total', 'Requests that the refining model passed through.'),
    batchRequests: new Histogram('glore_batch_requests', 'Requests in a batch.', sizes),
    batchRows: new Histogram('glore_batch_rows', 'Sequences in a batch.', sizes),
    batchSeconds: new Histogram('glore_batch_seconds', 'Time that a batch takes.', seconds),
    running: new Gauge('glore_requests_running', 'Requests worked on.', state.running),
    waiting: new Gauge('glore_requests_waiting', 'Requests that wait for a turn.', state.queued),
    memory: new Gauge('process_resident_memory_bytes', 'Resident memory of the process.', () =>
      process.memoryUsage.rss(),
    ),
  };
  return { ...metrics, text: () => Object.values(metrics).join('') };
}

export type ServerMetrics = ReturnType<typeof serverMetrics>;
