import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstErrorMetric, stepAccuracy } from './critic.js';
import { fitGate, fitThresholds } from './fit.js';
import type { Attempt, CriticName } from './records.js';
import { done, records, refined, solution } from './records.testing.js';

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
    expect(fitGate(records)).toBe(0.9);
    expect(fitGate(records.slice(0, 2))).toBe(0.9);
    expect(fitGate(records.slice(3))).toBe(0);
  });

  it('is the smallest of the best thresholds', () => {
    fc.assert(
      fc.property(cases, (problems) => {
        const given = problems.map(({ draft, global, local }, i) => {
          const tries = { draft, global, ...(local && { local }) };
          return {
            candidates: Object.values(tries),
            attempts: {
              problem: String(i),
              draft: solution(draft[0], draft[1], '5', 1),
              samples: [],
            },
            refinements: refined(String(i), tries, none),
          };
        });
        const rightAt = (tau: number) =>
          given.filter(({ candidates, attempts: { draft }, refinements: { decision } }) => {
            if (draft.orm.at(-1)! >= tau) return draft.right;
            return candidates[decision.choice]![0];
          }).length;
        const tau = fitGate(given);
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
      const values = (critic: CriticName) =>
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
