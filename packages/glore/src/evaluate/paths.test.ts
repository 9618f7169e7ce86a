import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../refine/index.js';
import { fitBudgets, type Path, pathsOf } from './paths.js';
import { attempt, paths, problem, problems } from './paths.testing.js';
import type { ProblemRecords, ProblemRounds } from './records.js';

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
  const records: ProblemRecords[] = [
    {
      ...problem(attempt(false, 0.2, 10), []),
      refinements: {
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
    expect(pathsOf(records, later)).toEqual([
      [...short, { score: 0.4, right: false, tokens: 42 }, { score: 0.9, right: true, tokens: 50 }],
    ]);
    expect(pathsOf(records, [])).toEqual([short]);
  });
});

describe('fitBudgets', () => {
  it('refines what gains by it, as far as the budget goes', () => {
    const [one, two] = fitBudgets(problems, paths);
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
