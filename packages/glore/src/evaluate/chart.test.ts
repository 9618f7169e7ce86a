import { describe, expect, it } from 'vitest';
import { renderChart } from './chart.js';
import {
  type Attempt,
  type ProblemAttempts,
  type ProblemRefinements,
  recordsOf,
} from './records.js';
import { half } from './records.testing.js';
import { evaluate } from './report/index.js';
import { groups, standardWays, type Way, wayOf } from './ways/index.js';
import { parseXml } from './xml.testing.js';

/** A report of ten problems: drafts are right on five, the global refiner on six, the local one on seven. */
function report() {
  const solution = { steps: ['1+1=2'], answer: '2' };
  const attempt = (right: boolean): Attempt => ({
    ...solution,
    right,
    tokens: 10,
    orm: [0.5, right ? 0.9 : 0.1],
    sorm: [0.5, right ? 0.9 : 0.1],
    truth: [right],
  });
  const attempts = Array.from(
    { length: 10 },
    (_, i): ProblemAttempts => ({
      problem: String(i),
      draft: attempt(i < 5),
      samples: Array.from({ length: 8 }, (_, k) => attempt((i + k) % 3 === 0)),
    }),
  );
  const refined = attempts.map(({ problem }, i): ProblemRefinements => {
    const outcome = (right: boolean) => ({ answer: '2', right, tokens: 12 });
    const candidate = (source: 'draft' | 'global' | 'local', score: number, tokens: number) => ({
      source,
      solution,
      score,
      tokens,
    });
    return {
      problem,
      decision: {
        values: [0.5, 0.9],
        location: 1,
        candidates: [
          candidate('draft', i < 5 ? 0.9 : 0.1, 10),
          candidate('global', i < 6 ? 0.8 : 0.2, 12),
          candidate('local', i < 7 ? 0.7 : 0.3, 12),
        ],
        choice: 0,
      },
      global: outcome(i < 6),
      local: outcome(i < 7),
      localOrm: outcome(i < 5),
      localTruth: outcome(i < 8),
    };
  });
  const speeds = { generatedPerSecond: 1000, scoredPerSecond: 1000 };
  const options = { thresholds: half, tau: 0.5, speeds };
  const evaluation = evaluate(recordsOf(attempts, refined), options);
  return { ...evaluation, problems: attempts.length, seeds: [1] };
}

/** The drawn rows by name, from top to bottom. */
function drawn(svg: string) {
  const rows = parseXml(svg).children.filter(({ attributes }) => attributes['data-row']);
  return new Map(
    rows.map(({ attributes, children }) => {
      const bar = children.find(({ name }) => name === 'rect')!.attributes;
      const path = children.find(({ name }) => name === 'path')!.attributes.d!;
      const [from, to] = /^M([\d.]+) .*H([\d.]+)M/.exec(path)!.slice(1).map(Number);
      return [
        attributes['data-row']!,
        {
          kind: attributes.class,
          start: Number(bar.x),
          width: Number(bar.width),
          y: Number(bar.y),
          from: from!,
          to: to!,
          texts: children.filter(({ name }) => name === 'text').map(({ text }) => text),
        },
      ];
    }),
  );
}

describe('renderChart', () => {
  const made = report();
  const svg = renderChart(made);
  const rows = drawn(svg);
  const pixelsPerUnit = rows.get('draft')!.width / 0.5;

  it('is one well-formed SVG document of its size', () => {
    const { name, attributes } = parseXml(svg);
    expect(name).toBe('svg');
    expect(attributes.xmlns).toBe('http://www.w3.org/2000/svg');
    expect(attributes.viewBox).toBe(`0 0 ${attributes.width} ${attributes.height}`);
    const lowest = Math.max(...[...rows.values()].map(({ y }) => y));
    expect(Number(attributes.height)).toBeGreaterThan(lowest);
  });

  it('draws the ways to answer from the draft to the oracle, and no others', () => {
    expect([...rows.keys()]).toEqual([
      'draft',
      'sample',
      'bo3',
      'draft-bo3',
      'majority@8',
      'best-of-8',
      'both-of-8',
      'global',
      'local',
      'rerank-global',
      'rerank-local',
      'rerank',
      'gate',
      'rerank-both',
      'oracle',
    ]);
    const heights = [...rows.values()].map(({ y }) => y);
    expect(heights).toEqual(heights.toSorted((a, b) => a - b));
  });

  it('draws every group, and every row but those for tables only', () => {
    const ways = made.rows.map(({ name }) => wayOf(name)!.way);
    const shown = ways.filter(({ undrawn }) => !undrawn);
    expect(rows.size).toBe(shown.length);
    expect(new Set(shown.map(({ group }) => group))).toEqual(new Set(groups));
  });

  it("draws ways of one's own in their group", () => {
    const mine: Way = {
      name: 'mine-k',
      meaning: 'mine of k samples',
      group: 'single',
      answer: () => undefined,
    };
    const row = { ...made.rows[0]!, name: 'mine-5' };
    const given = { ...made, rows: [...made.rows, row] };
    expect([...drawn(renderChart(given)).keys()]).not.toContain('mine-5');
    const own = drawn(renderChart(given, [...standardWays, mine]));
    expect([...own.keys()].slice(0, 4)).toEqual(['draft', 'sample', 'mine-5', 'bo3']);
    expect(own.get('mine-5')!.texts[1]).toBe('mine of 5 samples');
  });

  it('draws bars as long as accuracies and whiskers at the ends of intervals', () => {
    for (const { name, accuracy, low, high } of made.rows) {
      const row = rows.get(name);
      if (!row) continue;
      expect(row.width).toBeCloseTo(accuracy * pixelsPerUnit, 1);
      expect(row.from).toBeCloseTo(row.start + low * pixelsPerUnit, 1);
      expect(row.to).toBeCloseTo(row.start + high * pixelsPerUnit, 1);
    }
    expect(rows.get('global')!.width / rows.get('draft')!.width).toBeCloseTo(6 / 5, 3);
  });

  it('writes name, meaning, accuracy and tokens', () => {
    expect(rows.get('local')!.texts).toEqual([
      'local',
      'drafts refined where the SORM says',
      '70.0%',
      '22',
    ]);
    expect(rows.get('best-of-8')!.texts[1]).toBe('the ORM chooses of 8 samples');
  });

  it('escapes text', () => {
    expect(svg).toContain('ORM(draft) &lt; tau');
    expect(rows.get('gate')!.texts[1]).toBe('rerank, but only if ORM(draft) < tau');
  });

  it('makes the recommended row stand out, and draws a dashed line where the draft ends', () => {
    const recommended = [...rows].filter(([, { kind }]) => kind === 'recommended');
    expect(recommended.map(([name]) => name)).toEqual(['rerank']);
    const [line] = parseXml(svg).children.filter(
      ({ attributes }) => attributes.class === 'baseline',
    );
    const { start, width } = rows.get('draft')!;
    expect(Number(line!.attributes.x1)).toBeCloseTo(start + width, 1);
    expect(line!.attributes.x2).toBe(line!.attributes.x1);
  });

  it('says of how many problems and which seed it is', () => {
    const texts = parseXml(renderChart({ ...made, problems: 1500 })).children;
    expect(texts.at(-1)!.text).toMatch(/^1,500 test problems, seed 1\. /);
  });

  it('keeps within its picture when every answer is right', () => {
    const perfect = made.rows.map((row) => ({ ...row, accuracy: 1, low: 0.9, high: 1 }));
    const { attributes } = parseXml(renderChart({ ...made, rows: perfect }));
    for (const { start, width, to } of drawn(renderChart({ ...made, rows: perfect })).values()) {
      expect(start + width).toBeCloseTo(to, 1);
      expect(to).toBeLessThan(Number(attributes.width));
    }
  });
});
