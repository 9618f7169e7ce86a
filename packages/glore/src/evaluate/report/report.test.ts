import { describe, expect, it } from 'vitest';
import type { Thresholds } from '../fit.js';
import type { Attempt } from '../records.js';
import { half, records, solution } from '../records.testing.js';
import { wilson } from '../statistics.js';
import { standardWays, type Way } from '../ways/index.js';
import { evaluate } from './report.js';
import { evaluationShape } from './shape.js';

const speeds = { generatedPerSecond: 100, scoredPerSecond: 1000 };

describe('evaluate', () => {
  const options = { thresholds: half, tau: 0.5, speeds };
  const report = evaluate(records, options);

  it('has the accuracy and the generated tokens of each way to answer', () => {
    const rows = report.rows.map(({ name, accuracy, generatedTokens }) => [
      name,
      accuracy,
      generatedTokens,
    ]);
    expect(rows).toEqual([
      ['draft', 0.5, 25],
      ['sample', 0.5, 1],
      // The ORM picks 0.9 right, 0.8 right, 0.6 wrong (what has no answer has no score) and 0.5 wrong.
      ['bo3', 0.5, 6],
      // 0.9 right, 0.8 right, 0.7 wrong and 0.5 wrong, of 13, 23, 33 and 43 tokens.
      ['draft-bo3', 0.5, 28],
      // 5 (a tie, seen first), 6, 7, and 5 however it is spelt.
      ['majority@4', 0.5, 10],
      // 6 by 1.45 against 1, 5 by 0.9 against 0.6, 5 by 0.9 against 0.6 and 0.4, 5 by 1 against 0.5.
      ['weighted@4', 0.75, 10],
      ['best-of-4', 0.75, 10],
      // Refiners need their drafts: 22, 34, 46 and 58 tokens.
      ['global', 0.25, 40],
      // Without an error seen, the draft stays: 10, 26, 38 and 44 tokens.
      ['local', 0.75, 29.5],
      ['local-orm', 0.5, 26.25],
      ['local-truth', 1, 28],
      ['rerank-global', 0.5, 40],
      ['rerank-local', 0.75, 29.5],
      // 22, 40, 54 and 62 tokens.
      ['rerank', 0.75, 44.5],
      // Refined are p2 and p4 alone: 10, 40, 30 and 62 tokens.
      ['gate', 0.5, 35.5],
      ['rerank-both', 1, 44.5],
      ['both-of-4', 0.75, 10],
      ['oracle', 1, 44.5],
      ['oracle-bo3', 0.75, 6],
      ['oracle@4', 1, 10],
    ]);
    for (const { accuracy, low, high } of report.rows) {
      expect({ low, high }).toEqual(wilson(4 * accuracy, 4));
    }
  });

  it('is refused where a list is not one of each problem', () => {
    expect(evaluationShape.safeParse(report).success).toBe(true);
    const { right, steps, pairs, candidatePairs, located } = report.outcomes;
    const shorter = <T extends object>(group: T, key: keyof T) => ({
      ...group,
      [key]: (group[key] as string | readonly number[]).slice(1),
    });
    const changed = [
      { right: shorter(right, 'draft') },
      { pairs: shorter(pairs, 'orm') },
      { candidatePairs: shorter(candidatePairs, 'orm') },
      { steps: shorter(steps!, 'n') },
      { steps: { ...steps!, atHalf: shorter(steps!.atHalf, 'sorm') } },
      { located: shorter(located!, 'sound') },
      { located: { ...located!, atHalf: shorter(located!.atHalf, 'orm') } },
    ];
    for (const change of changed) {
      const outcomes = { ...report.outcomes, ...change };
      const { error } = evaluationShape.safeParse({ ...report, outcomes });
      expect(error?.issues[0]?.message, Object.keys(change)[0]).toContain('one of each problem');
    }
  });

  it('has the seconds that the tokens take', () => {
    const row = (name: string) => report.rows.find((found) => found.name === name)!;
    for (const name of ['draft', 'sample', 'majority@4', 'oracle', 'oracle@4']) {
      expect(row(name).seconds).toBeCloseTo(row(name).generatedTokens / 100, 10);
    }
    for (const name of ['bo3', 'best-of-4', 'rerank', 'gate', 'local']) {
      // Scoring comes on top.
      expect(row(name).seconds).toBeGreaterThan(row(name).generatedTokens / 100);
    }
    expect(row('gate').seconds).toBeLessThan(row('rerank').seconds);
  });

  it('compares on the same problems', () => {
    const { difference, low, high, p } = report.comparisons.find(
      ({ a, b }) => a === 'rerank' && b === 'draft',
    )!;
    // Two problems won and one lost: what a fair coin does at least half of the time.
    expect([difference, p]).toEqual([0.25, 1]);
    expect(low).toBeLessThan(difference);
    expect(high).toBeGreaterThan(difference);
    const named = new Set(report.rows.map(({ name }) => name));
    for (const { a, b } of report.comparisons) expect(named.has(a) && named.has(b)).toBe(true);
  });

  it("compares and bounds ways that are there, the method's first", () => {
    const pairs = report.comparisons.map(({ a, b }) => `${a} ${b}`);
    expect(pairs).toEqual([
      'rerank draft',
      'rerank bo3',
      'rerank draft-bo3',
      'rerank best-of-4',
      'rerank majority@4',
      'rerank weighted@4',
      'gate draft',
      'rerank-both rerank',
      'rerank-both both-of-4',
      'best-of-4 sample',
      'best-of-4 draft',
      'local local-orm',
    ]);
    const some = standardWays.filter(({ name }) => name !== 'draft' && name !== 'oracle@k');
    const less = evaluate(records, { ...options, ways: some });
    expect(less.comparisons.map(({ a, b }) => `${a} ${b}`)).toEqual(
      pairs.filter((pair) => !pair.split(' ').includes('draft')),
    );
    expect(less.headroom.map(({ name }) => name)).toEqual(['bo3']);
    expect(less.headroomRealised).toBeUndefined();
  });

  it("has ways of one's own beside the others", () => {
    const mine: Way = {
      name: 'shortest-of-k',
      meaning: 'the shortest of k samples',
      group: 'samples',
      answer: ({ attempts }, { k }) => {
        const samples = attempts.samples.slice(0, k);
        const shortest = samples.toSorted((a, b) => a.tokens - b.tokens)[0];
        const tokens = samples.reduce((sum, sample) => sum + sample.tokens, 0);
        return shortest && { right: shortest.right, tokens, scored: 1000 };
      },
      against: ['draft', 'none such'],
      headroom: { over: 'sample', anyOf: ['oracle@k'] },
    };
    const own = evaluate(records, { ...options, ways: [...standardWays, mine] });
    // The first samples, of which p1's and p4's are right.
    expect(own.rows).toEqual([
      ...report.rows,
      { name: 'shortest-of-4', accuracy: 0.5, ...wilson(2, 4), generatedTokens: 10, seconds: 1.1 },
    ]);
    expect(own.outcomes.right['shortest-of-4']).toBe('1001');
    const ofMine = own.comparisons.filter(({ a }) => a === 'shortest-of-4');
    expect(ofMine).toMatchObject([{ b: 'draft', difference: 0, p: 1 }]);
    expect(own.headroom.find(({ name }) => name === 'shortest-of-4')).toMatchObject({
      realised: 0,
    });
    // What the others have stays as it is.
    expect(own.comparisons).toEqual(expect.arrayContaining([...report.comparisons]));
    expect(own.headroom).toEqual(expect.arrayContaining([...report.headroom]));
    expect(own.outcomes.right).toMatchObject(report.outcomes.right);
  });

  it('has no row for what the records of a problem do not have', () => {
    const mine: Way = {
      name: 'mine',
      meaning: 'only sometimes',
      group: 'single',
      answer: ({ attempts }) => (attempts.problem === 'p3' ? undefined : attempts.draft),
    };
    const { rows } = evaluate(records, { ...options, ways: [...standardWays, mine] });
    expect(rows).toEqual(report.rows);
  });

  it('refuses an answer without its numbers', () => {
    const [draft] = standardWays;
    const mine: Way = { ...draft!, name: 'mine' };
    const evaluated = (way: Way) => () => evaluate(records, { ...options, ways: [draft!, way] });
    expect(evaluated({ ...mine, answer: () => ({ right: true, tokens: Number.NaN }) })).toThrow(
      expect.objectContaining({ code: 'way-answer', message: expect.stringContaining('"mine"') }),
    );
  });

  it('wants each row once, however it is named', () => {
    const ways = [...standardWays, { ...standardWays[0]!, name: 'best-of-4' }];
    expect(() => evaluate(records, { ...options, ways })).toThrow(
      expect.objectContaining({ code: 'way-twice' }),
    );
  });

  it('wants each name once', () => {
    const ways = [...standardWays, { ...standardWays[0]!, meaning: 'another' }];
    expect(() => evaluate(records, { ...options, ways })).toThrow(
      expect.objectContaining({ code: 'way-twice' }),
    );
  });

  it('keeps right answers for every number of samples', () => {
    expect(Object.keys(report.outcomes.right)).toEqual([
      ...[2, 3, 4].flatMap((k) => [`best-of-${k}`, `majority@${k}`, `weighted@${k}`]),
      ...report.rows
        .map(({ name }) => name)
        .filter((name) => !/(best-of-|majority@|weighted@)4/.test(name)),
    ]);
    expect(report.outcomes.right['best-of-3']).toBe(report.outcomes.right.bo3);
  });

  it('says what the refiners do to drafts, and how much of the headroom is realised', () => {
    const before = { before: 0.5, wrongToRight: 0.25, wrongFixed: 0.5, wrongDrafts: 2 };
    expect(report.refiners).toEqual({
      // No error is seen in p1, and the draft of p4 is written again.
      global: { ...before, after: 0.25, rightToWrong: 0.5, unchanged: 0 },
      local: { ...before, after: 0.75, rightToWrong: 0, unchanged: 0.5 },
      globalOnly: 0.5,
      localOnly: 0.5,
      both: 0,
      neither: 0,
    });
    // From 50% towards 100%.
    expect(report.headroomRealised).toBe(0.5);
    const perfect = records.map(({ attempts, refinements }) => ({
      attempts: { ...attempts, draft: solution(true, 0.9, '5', 1) },
      refinements,
    }));
    const none = evaluate(perfect, options);
    expect(none.headroomRealised).toBeUndefined();
    expect(none.headroom.map(({ name }) => name)).toEqual(['bo3', 'best-of-4']);
    // Gains over draft or first sample, of what is possible: 0 of 1, 1 of 1, 1 of 2, 0 of 2, 2 of 2,
    // 0 of 1, 1 of 2 problems.
    const realised = report.headroom.map(({ name, realised: share }) => [name, share]);
    expect(realised).toEqual([
      ['rerank-global', 0],
      ['rerank-local', 1],
      ['rerank', 0.5],
      ['gate', 0],
      ['rerank-both', 1],
      ['bo3', 0],
      ['best-of-4', 0.5],
    ]);
    const [, local, all] = report.headroom;
    expect(local).toMatchObject({ low: 1, high: 1 });
    expect(all!.low).toBeLessThan(0.5);
    expect(all!.high).toBeGreaterThan(0.5);
  });

  it('measures the critics on samples, and their locations on drafts', () => {
    const { orm, sorm } = report.critics;
    expect([orm.stepAccuracy, sorm.stepAccuracy]).toEqual([1, 0.75]);
    // Of 8 right and 8 wrong samples; the one without an answer scores 0.
    expect(orm.finalAccuracy).toBe(8 / 16);
    expect(sorm.finalAccuracy).toBe(9 / 16);
    const all = records.flatMap(({ attempts }) => attempts.samples);
    const finals = all.map(({ answer, orm: values }) => (answer === null ? 0 : values[2]!));
    let [won, pairs] = [0, 0];
    all.forEach((a, i) => {
      all.forEach((b, k) => {
        if (!a.right || b.right) return;
        pairs++;
        won += (Math.sign(finals[i]! - finals[k]!) + 1) / 2;
      });
    });
    expect(orm.auc).toBeCloseTo(won / pairs, 12);
    // Pairs won: 1 of 4, 2 of 4, 3 of 3, 1 of 3. The SORM tells only the missing answer from others.
    expect(orm.withinProblemAuc).toBe(7 / 14);
    expect(sorm.withinProblemAuc).toBe((6.5 + 1) / 14);
    // Among the candidates: 1 of 1, 2 of 2, 2 of 2, 0 of 2.
    expect(orm.withinCandidatesAuc).toBe(5 / 7);
    // p1 and p2 are right; in p3 step 2 is named instead of 1, in p4 the answer line of a right draft.
    expect(orm.firstError).toEqual({ wrong: 0.5, right: 0.5, f1: 0.5 });
    expect(sorm.firstError).toEqual({ wrong: 0, right: 1, f1: 0 });
    expect(orm.bins.reduce((sum, { n }) => sum + n, 0)).toBe(16);
    expect(report.firstErrors).toEqual([
      { step: 1, share: 0.5 },
      { step: 2, share: 0.5 },
    ]);
  });

  it('uses the thresholds as they are given', () => {
    expect(report.thresholds).toEqual({ ...half, gate: 0.5 });
    const strict: Thresholds = { ...half, final: { orm: 0.99, sorm: 0.99 } };
    const { critics, thresholds } = evaluate(records, {
      ...options,
      thresholds: strict,
      tau: 1.01,
    });
    expect(thresholds).toEqual({ ...strict, gate: 1.01 });
    expect(critics.orm.finalAccuracy).toBe(0.5);
    expect(critics.sorm.finalAccuracy).toBe(0.5);
    const gate = (tau: number) => {
      const { rows } = evaluate(records, { ...options, tau });
      const { accuracy, generatedTokens } = rows.find(({ name }) => name === 'gate')!;
      return [accuracy, generatedTokens];
    };
    expect(gate(0)).toEqual([0.5, 25]);
    expect(gate(1.01)).toEqual([0.75, 44.5]);
  });

  it('counts samples that are alike once beside counting all', () => {
    const { steps } = report.outcomes;
    expect(steps!.n).toEqual([8, 8, 8, 8]);
    // By steps and answer: the numbers 5, 5.00 and $5 are written differently.
    expect(steps!.distinct).toEqual({ n: [4, 4, 8, 8], orm: [4, 4, 8, 8], sorm: [3, 3, 5, 7] });
  });

  it('leaves out what needs the truth of steps where it is not known', () => {
    const blind = ({ steps, ...rest }: Attempt): Attempt => ({ ...rest, steps, truth: null });
    const { rows, critics, firstErrors } = evaluate(
      records.map(({ attempts: { problem, draft, samples }, refinements }) => ({
        attempts: { problem, draft: blind(draft), samples: samples.map(blind) },
        refinements: { ...refinements, localTruth: null },
      })),
      options,
    );
    expect(rows.map(({ name }) => name)).not.toContain('local-truth');
    expect(rows.filter(({ name }) => name !== 'local-truth')).toEqual(
      report.rows.filter(({ name }) => name !== 'local-truth'),
    );
    expect(critics.orm).toMatchObject({
      stepAccuracy: undefined,
      firstError: { wrong: undefined, right: undefined, f1: undefined },
      finalAccuracy: 0.5,
    });
    expect(firstErrors).toEqual([]);
  });
});
