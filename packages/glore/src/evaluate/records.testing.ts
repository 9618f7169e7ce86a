/** Records of four problems, for the tests of what is read off records. */
import type { Candidate, Decision, Source } from '../refine/index.js';
import type { Thresholds } from './fit.js';
import {
  type Attempt,
  type Outcome,
  type ProblemAttempts,
  type ProblemRefinements,
  recordsOf,
} from './records.js';

export const half: Thresholds = {
  step: { orm: 0.5, sorm: 0.5 },
  locate: { orm: 0.5, sorm: 0.5 },
  final: { orm: 0.5, sorm: 0.5 },
};

/** Two steps, the second wrong in a wrong solution. The ORM sees that, the SORM finds everything right. */
export const solution = (
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

export function refined(
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
export const done = (right: boolean, tokens: number): Outcome => ({ answer: '', right, tokens });

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

export const records = recordsOf(attempts, refinements);
