import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, REFINE_ALL } from '../refine/index.js';
import type { Attempt, ProblemAttempts, ProblemRefinements, ProblemRounds } from './attempt.js';
import { accuracyCurve, fitBudgets, type Path, pathsOf, refinedPoints } from './curve.js';
import { mcnemar, wilson } from './statistics.js';

const attempt = (right: boolean, score: number, tokens: number): Attempt => ({
  steps: ['a'],
  answer: right ? '5' : '6',
  right,
  tokens,
  orm: [0.5, score],
  sorm: [0.5, 0.5],
  truth: null,
});
const problem = (draft: Attempt, samples: Attempt[]): ProblemAttempts => ({
  problem: 'p',
  draft,
  samples,
});
const candidate = (source: Candidate['source'], score: number, tokens: number): Candidate => ({
  source,
  solution: { steps: [], answer: '5' },
  score,
  tokens,
});
const decision = (choice: number, ...candidates: Candidate[]) => ({
  values: [0.5],
  location: -1,
  candidates,
  choice,
});

describe('pathsOf', () => {
  const outcome = (right: boolean) => ({ answer: '5', right, tokens: 0 });
  const attempts = [problem(attempt(false, 0.2, 10), [])];
  const refined: ProblemRefinements[] = [
    {
      problem: 'p',
      decision: decision(
        2,
        candidate('draft', 0.2, 10),
        candidate('global', 0.3, 20),
        candidate('local', 0.4, 5),
      ),
      global: outcome(true),
      local: outcome(false),
      localOrm: outcome(true),
      localTruth: null,
    },
  ];

  it('have the best of each round and all tokens up to there', () => {
    const later: ProblemRounds[] = [
      {
        problem: 'p',
        rounds: [
          {
            decision: decision(0, candidate('draft', 0.4, 0), candidate('global', 0.1, 7)),
            right: [false, true],
          },
          {
            decision: decision(1, candidate('draft', 0.4, 0), candidate('global', 0.9, 8)),
            right: [false, true],
          },
        ],
      },
    ];
    const short = [
      { score: 0.2, right: false, tokens: 10 },
      { score: 0.4, right: false, tokens: 35 },
    ];
    expect(pathsOf(attempts, refined, later)).toEqual([
      [...short, { score: 0.4, right: false, tokens: 42 }, { score: 0.9, right: true, tokens: 50 }],
    ]);
    expect(pathsOf(attempts, refined, [])).toEqual([short]);
  });
});

/** Four problems, two samples each; draft, one round, another round. */
const attempts = [
  problem(attempt(true, 0.9, 10), [attempt(false, 0.1, 10), attempt(true, 0.2, 10)]),
  problem(attempt(false, 0.5, 10), [attempt(false, 0.9, 10), attempt(true, 0.2, 10)]),
  problem(attempt(false, 0.3, 10), [attempt(true, 0.9, 10), attempt(false, 0.2, 10)]),
  problem(attempt(false, 0.1, 10), [attempt(false, 0.9, 10), attempt(false, 0.2, 10)]),
];
const paths: Path[] = [
  [
    { score: 0.9, right: true, tokens: 10 },
    { score: 0.95, right: false, tokens: 15 },
    { score: 0.95, right: false, tokens: 20 },
  ],
  [
    { score: 0.5, right: false, tokens: 10 },
    { score: 0.8, right: true, tokens: 15 },
    { score: 0.8, right: true, tokens: 30 },
  ],
  [
    { score: 0.3, right: false, tokens: 10 },
    { score: 0.4, right: false, tokens: 15 },
    { score: 0.7, right: true, tokens: 30 },
  ],
  [
    { score: 0.1, right: false, tokens: 10 },
    { score: 0.1, right: false, tokens: 15 },
    { score: 0.6, right: true, tokens: 40 },
  ],
];

describe('fitBudgets', () => {
  it('refines what gains by it, as far as the budget goes', () => {
    const [one, two] = fitBudgets(attempts, paths);
    // A sample is 10 tokens: only the drafts are within that.
    expect(one).toEqual({ rounds: 0, tau: 0 });
    // Once round for all but the first makes two right for 55 tokens; two rounds for all but it need 110.
    expect(two!.rounds).toBe(1);
    expect(two!.tau).toBeGreaterThan(0.5);
    expect(two!.tau).toBeLessThanOrEqual(0.9);
  });

  it('is the best of all rules within the budget', () => {
    const end = fc.record({
      score: fc.integer({ min: 0, max: 9 }).map((n) => n / 10),
      right: fc.boolean(),
      tokens: fc.integer({ min: 0, max: 30 }),
    });
    const path = fc.array(end, { minLength: 3, maxLength: 3 }).map((ends): Path => {
      let [score, tokens] = [0, 0];
      return ends.map((one) => {
        score = Math.max(score, one.score);
        tokens += one.tokens;
        return { ...one, score, tokens };
      });
    });
    fc.assert(
      fc.property(fc.array(path, { minLength: 2, maxLength: 6 }), (list) => {
        const given = list.map(() =>
          problem(
            attempt(true, 1, 1),
            [10, 10, 10].map((n) => attempt(true, 1, n)),
          ),
        );
        const outcome = (rounds: number, tau: number) => {
          const ends = list.map((one) => {
            let r = 0;
            while (r < rounds && one[r]!.score < tau) r++;
            return one[r]!;
          });
          return {
            right: ends.filter(({ right }) => right).length,
            tokens: ends.reduce((sum, { tokens }) => sum + tokens, 0),
          };
        };
        const taus = Array.from({ length: 12 }, (_, i) => i / 10 - 0.05);
        fitBudgets(given, list).forEach((rule, k) => {
          const found = outcome(rule.rounds, rule.tau);
          const budget = (k + 1) * 10 * list.length;
          if (rule.rounds > 0) expect(found.tokens).toBeLessThanOrEqual(budget + 1e-6);
          for (const rounds of [1, 2]) {
            for (const tau of taus) {
              const other = outcome(rounds, tau);
              if (other.tokens > budget) continue;
              expect(found.right).toBeGreaterThanOrEqual(other.right);
              if (found.right === other.right) {
                expect(found.tokens).toBeLessThanOrEqual(other.tokens);
              }
            }
          }
        });
      }),
    );
  });
});

describe('accuracyCurve', () => {
  const rule = { rounds: 2, tau: 0.85 };
  const curve = accuracyCurve(attempts, paths, [{ rounds: 0, tau: 0 }, rule]);

  it('has the accuracy and the tokens of samples and of rounds', () => {
    const figures = (points: typeof curve.majority) =>
      points.map(({ name, accuracy, generatedTokens }) => [name, accuracy, generatedTokens]);
    expect(figures(curve.majority)).toEqual([
      ['majority@1', 0.25, 10],
      // Of two different answers the first.
      ['majority@2', 0.25, 20],
    ]);
    expect(figures(curve.bestOf)).toEqual([
      ['best-of-1', 0.25, 10],
      ['best-of-2', 0.5, 20],
    ]);
    expect(figures(curve.rounds)).toEqual([
      ['rounds@0', 0.25, 10],
      ['rounds@1', 0.25, 15],
      ['rounds@2', 0.75, 30],
    ]);
    // The first stops with its draft, the others go all the way.
    expect(figures(curve.budgets)).toEqual([
      ['budget@1', 0.25, 10],
      ['budget@2', 1, 27.5],
    ]);
    for (const { accuracy, low, high } of Object.values(curve).flat()) {
      expect({ low, high }).toEqual(wilson(4 * accuracy, 4));
    }
  });

  it('puts refinement beside sampling at equal tokens', () => {
    const [draft, first, second] = curve.rounds;
    expect(draft!.equal).toEqual({ majority: 0.25, bestOf: 0.25 });
    // Half-way between one sample and two.
    expect(first!.equal).toEqual({ majority: 0.25, bestOf: 0.375 });
    expect(second).toMatchObject({ equal: {}, against: undefined, tau: REFINE_ALL, rounds: 2 });
    expect(second!.equal).toEqual({ majority: undefined, bestOf: undefined });
    expect(draft!.against).toMatchObject({ name: 'best-of-1', generatedTokens: 10, difference: 0 });
    expect(first!.against).toMatchObject({ name: 'best-of-2', generatedTokens: 20 });
    // After a round only the second is right; of two samples the first and the third.
    const [ours, theirs] = [
      [false, true, false, false],
      [true, false, true, false],
    ];
    expect(first!.against!.difference).toBe(-0.25);
    expect(first!.against!.p).toBe(mcnemar(ours!, theirs!).p);
  });

  it('lists each rule that refines once', () => {
    const names = refinedPoints(accuracyCurve(attempts, paths, [rule, rule])).map(
      ({ name }) => name,
    );
    expect(names).toEqual(['rounds@1', 'rounds@2', 'budget@1']);
  });
});
