/** Four problems on their way through two rounds, for the tests of rules that stop and of the curve. */
import type { Path } from './paths.js';
import type { Attempt, Sampled } from './records.js';

export const attempt = (right: boolean, score: number, tokens: number): Attempt => ({
  steps: ['a'],
  answer: right ? '5' : '6',
  right,
  tokens,
  orm: [0.5, score],
  sorm: [0.5, 0.5],
  truth: null,
});
export const problem = (draft: Attempt, samples: Attempt[]): Sampled => ({
  attempts: { problem: 'p', draft, samples },
});
/** Four problems, two samples each; draft, one round, another round. */
export const problems = [
  problem(attempt(true, 0.9, 10), [attempt(false, 0.1, 10), attempt(true, 0.2, 10)]),
  problem(attempt(false, 0.5, 10), [attempt(false, 0.9, 10), attempt(true, 0.2, 10)]),
  problem(attempt(false, 0.3, 10), [attempt(true, 0.9, 10), attempt(false, 0.2, 10)]),
  problem(attempt(false, 0.1, 10), [attempt(false, 0.9, 10), attempt(false, 0.2, 10)]),
];
export const paths: Path[] = [
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
