import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate, Decision, Source } from '../refine/index.js';
import type { Attempt, Outcome, ProblemAttempts, ProblemRefinements } from './attempt.js';
import { firstErrorMetric, stepAccuracy } from './critic.js';
import { fitGate, fitThresholds, type Thresholds } from './fit.js';
import { evaluate } from './report.js';
import { wilson } from './statistics.js';

const speeds = { generatedPerSecond: 100, scoredPerSecond: 1000 };
const half: Thresholds = {
  step: { orm: 0.5, sorm: 0.5 },
  locate: { orm: 0.5, sorm: 0.5 },
  final: { orm: 0.5, sorm: 0.5 },
};

/** Two steps, the second wrong in a wrong solution. The ORM sees that, the SORM finds everything right. */
const solution = (
  right: boolean,
  score: number,
  answer: string | null,
  tokens: number,
  truth: boolean[] | null = [true, right],
): Attempt => {
  const last = answer === null ? [] : [score];
  return {
    steps: ['a', 'b'],
    answer,
    right,
    tokens,
    orm: [0.9, right ? 0.8 : 0.3, ...last],
    sorm: [0.9, 0.8, ...(answer === null ? [] : [0.7])],
    truth,
  };
};
type Try = [right: boolean, score: number, tokens: number, text?: string, least?: number];

function refined(
  problem: string,
  tries: Partial<Record<Source, Try>>,
  outcomes: Pick<ProblemRefinements, 'localOrm' | 'localTruth'>,
): ProblemRefinements {
  const entries = Object.entries(tries) as [Source, Try][];
  const candidates = entries.map(
    ([source, [, score, tokens, text = source, least = 0.7]]): Candidate => ({
      source,
      solution: { steps: [text], answer: null },
      score,
      least,
      tokens,
    }),
  );
  const scores = candidates.map(({ score }) => score);
  const decision: Decision = {
    values: [],
    location: tries.local ? 1 : -1,
    candidates,
    choice: scores.indexOf(Math.max(...scores)),
  };
  const outcome = (given: Try | undefined): Outcome =>
    given
      ? { answer: '', right: given[0], tokens: given[2] }
      : { answer: '', right: tries.draft![0], tokens: 0 };
  return {
    problem,
    decision,
    global: outcome(tries.global),
    local: outcome(tries.local),
    ...outcomes,
  };
}
const done = (right: boolean, tokens: number): Outcome => ({ answer: '', right, tokens });

const attempts: ProblemAttempts[] = [
  {
    problem: 'p1',
    draft: solution(true, 0.9, '5', 10),
    samples: [
      solution(true, 0.1, '5', 1),
      solution(false, 0.5, '6', 2),
      solution(true, 0.9, '5', 3),
      solution(false, 0.95, '6', 4),
    ],
  },
  {
    problem: 'p2',
    draft: solution(false, 0.3, '6', 20),
    samples: [
      solution(false, 0.2, '6', 1),
      solution(true, 0.8, '5', 2),
      solution(false, 0.4, '6', 3),
      solution(true, 0.1, '5', 4),
    ],
  },
  {
    problem: 'p3',
    draft: solution(false, 0.7, '7', 30, [false, false]),
    samples: [
      solution(false, 0.6, '7', 1),
      solution(false, 0.99, null, 2),
      solution(false, 0.4, '8', 3),
      solution(true, 0.9, '5', 4),
    ],
  },
  {
    problem: 'p4',
    draft: solution(true, 0.2, '5', 40),
    samples: [
      solution(true, 0.1, '5', 1),
      solution(false, 0.5, '6', 2),
      solution(true, 0.3, '5.00', 3),
      solution(true, 0.6, '$5', 4),
    ],
  },
];
const refinements: ProblemRefinements[] = [
  refined(
    'p1',
    { draft: [true, 0.9, 10], global: [false, 0.4, 12] },
    { localOrm: done(false, 2), localTruth: done(true, 0) },
  ),
  refined(
    'p2',
    { draft: [false, 0.3, 20], global: [true, 0.6, 14], local: [false, 0.5, 6] },
    { localOrm: done(true, 3), localTruth: done(true, 5) },
  ),
  refined(
    'p3',
    { draft: [false, 0.7, 30], global: [false, 0.2, 16], local: [true, 0.8, 8] },
    { localOrm: done(false, 0), localTruth: done(true, 7) },
  ),
  refined(
    'p4',
    // The SORM doubts what the ORM likes best.
    {
      draft: [true, 0.2, 40, 'draft', 0.9],
      global: [false, 0.6, 18, 'global', 0.01],
      local: [true, 0.1, 4, 'draft', 0.9],
    },
    { localOrm: done(true, 0), localTruth: done(true, 0) },
  ),
];

describe('evaluate', () => {
  const report = evaluate(attempts, refinements, half, 0.5, speeds);

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
      // 5 (a tie, seen first), 6, 7, and 5 however it is spelt.
      ['majority@4', 0.5, 10],
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
    const perfect = attempts.map((item) => ({ ...item, draft: solution(true, 0.9, '5', 1) }));
    const none = evaluate(perfect, refinements, half, 0.5, speeds);
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
    const all = attempts.flatMap(({ samples }) => samples);
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
    const { critics, thresholds } = evaluate(attempts, refinements, strict, 1.01, speeds);
    expect(thresholds).toEqual({ ...strict, gate: 1.01 });
    expect(critics.orm.finalAccuracy).toBe(0.5);
    expect(critics.sorm.finalAccuracy).toBe(0.5);
    const gate = (tau: number) => {
      const { rows } = evaluate(attempts, refinements, half, tau, speeds);
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
      attempts.map(({ problem, draft, samples }) => ({
        problem,
        draft: blind(draft),
        samples: samples.map(blind),
      })),
      refinements.map((record) => ({ ...record, localTruth: null })),
      half,
      0.5,
      speeds,
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

describe('fitGate', () => {
  const score = fc.integer({ min: 0, max: 5 }).map((n) => n / 5);
  const attempted = fc.tuple(fc.boolean(), score, fc.constant(1));
  const cases = fc.array(
    fc.record({ draft: attempted, global: attempted, local: fc.option(attempted) }),
    { minLength: 1, maxLength: 8 },
  );
  const none = { localOrm: done(false, 0), localTruth: null };

  it('refines what gains by it, and no more than that', () => {
    // Refining helps p2 (0.3), does nothing in p1, helps p3 (0.7) and spoils p4 (0.2).
    expect(fitGate(attempts, refinements)).toBe(0.9);
    expect(fitGate(attempts.slice(0, 2), refinements.slice(0, 2))).toBe(0.9);
    expect(fitGate(attempts.slice(3), refinements.slice(3))).toBe(0);
  });

  it('is the smallest of the best thresholds', () => {
    fc.assert(
      fc.property(cases, (problems) => {
        const given = problems.map(({ draft }, i) => ({
          problem: String(i),
          draft: solution(draft[0], draft[1], '5', 1),
          samples: [],
        }));
        const records = problems.map(({ draft, global, local }, i) =>
          refined(String(i), { draft, global, ...(local && { local }) }, none),
        );
        const rightAt = (tau: number) =>
          problems.filter(({ draft, global, local }, i) => {
            if (draft[1] >= tau) return draft[0];
            return [draft, global, ...(local ? [local] : [])][records[i]!.decision.choice]![0];
          }).length;
        const tau = fitGate(given, records);
        for (const other of [0, ...problems.map(({ draft }) => draft[1])]) {
          expect(rightAt(tau)).toBeGreaterThanOrEqual(rightAt(other) + (other < tau ? 1 : 0));
        }
      }),
    );
  });
});

describe('fitThresholds', () => {
  const value = fc.integer({ min: 0, max: 10 }).map((n) => n / 10);
  const line = fc.record({ orm: value, sorm: value, right: fc.boolean() });
  const any = fc
    .record({
      lines: fc.array(line, { minLength: 1, maxLength: 3 }),
      final: line,
      stopped: fc.boolean(),
    })
    .map(({ lines, final, stopped }): Attempt => {
      const values = (critic: 'orm' | 'sorm') =>
        [...lines, ...(stopped ? [] : [final])].map((item) => item[critic]);
      // A solution that stops has a wrong last line, so that a wrong answer has a wrong step.
      const error = lines.findIndex(
        ({ right }, i) => !right || (stopped && i === lines.length - 1),
      );
      return {
        steps: lines.map(() => 'a'),
        answer: stopped ? null : '5',
        right: error < 0,
        tokens: 1,
        orm: values('orm'),
        sorm: values('sorm'),
        truth: lines.map((_, i) => error < 0 || i < error),
      };
    });
  const dev = fc.array(
    fc.record({ problem: fc.constant('p'), draft: any, samples: fc.tuple(any, any) }),
    {
      minLength: 1,
      maxLength: 5,
    },
  );
  /** All thresholds that can tell values of tenths apart. */
  const cuts = Array.from({ length: 12 }, (_, i) => i / 10 - 0.05);

  it('are the best ones on the problems given', () => {
    fc.assert(
      fc.property(dev, (problems) => {
        const fitted = fitThresholds(problems);
        const samples = problems.flatMap((item) => item.samples);
        for (const critic of ['orm', 'sorm'] as const) {
          const steps = (threshold: number) =>
            stepAccuracy(
              samples.map((item) => item[critic].slice(0, item.steps.length)),
              samples.map(({ truth }) => [...truth!]),
              threshold,
            );
          const final = (threshold: number) =>
            samples.filter(
              ({ answer, right, ...values }) =>
                (answer === null ? 0 : values[critic].at(-1)!) >= threshold === right,
            ).length;
          const drafts = problems.map(({ draft }) => draft);
          const place = (flags: readonly boolean[]) => flags.indexOf(true) + 1 || -1;
          const locate = (threshold: number) =>
            firstErrorMetric(
              drafts.map((draft) => place(draft[critic].map((v) => v < threshold))),
              drafts.map(({ truth }) => place(truth!.map((right) => !right))),
            ).f1 ?? 0;
          expect(steps(fitted.step[critic])).toBe(Math.max(...cuts.map(steps)));
          expect(final(fitted.final[critic])).toBe(Math.max(...cuts.map(final)));
          expect(locate(fitted.locate[critic])).toBe(Math.max(...cuts.map(locate)));
        }
      }),
    );
  });

  it('locate without the truth of steps by what they say of whole drafts', () => {
    const attempt = (right: boolean, ...sorm: number[]): Attempt => ({
      steps: sorm.slice(1).map(() => 'a'),
      answer: '5',
      right,
      tokens: 1,
      orm: sorm,
      sorm,
      truth: null,
    });
    const dev = (...drafts: Attempt[]) =>
      drafts.map((draft, i) => ({ problem: `p${i}`, draft, samples: [draft, draft, draft] }));
    // The lowest line tells right from wrong, whichever line it is.
    const { locate, step } = fitThresholds(
      dev(
        attempt(true, 0.7, 0.9),
        attempt(true, 0.8, 0.6),
        attempt(false, 0.3, 0.9),
        attempt(false, 0.9, 0.8, 0.4),
      ),
    );
    expect(locate.sorm).toBeGreaterThan(0.4);
    expect(locate.sorm).toBeLessThanOrEqual(0.6);
    expect(step).toEqual({ orm: 0.5, sorm: 0.5 });
    // Nothing but wrong drafts, and drafts of no line at all, are fitted all the same.
    expect(fitThresholds(dev(attempt(false, 0.3, 0.9))).locate.sorm).toEqual(expect.any(Number));
    const silent = { ...attempt(false), answer: null };
    expect(fitThresholds(dev(silent)).locate).toEqual({ orm: 0.5, sorm: 0.5 });
  });
});
