/** The ways to answer, in the order of the report's rows. One entry is all that a new one needs. */
import type { Source } from '../../refine/index.js';
import { type Sampled, scoreOf } from '../records.js';
import { among, anyOf, anyRight, byBoth, byOrm, byVote, refined, reranked } from './choice.js';
import type { Setting, Way } from './way.js';

type Counted = Pick<Setting, 'k'>;

const ALL: readonly Source[] = ['draft', 'global', 'local'];
const firstOf = ({ attempts }: Sampled, count: number) => attempts.samples.slice(0, count);

/** The two that a curve follows over all numbers of samples. */
export const majorityAtK = {
  name: 'majority@k',
  meaning: 'the most frequent answer of k samples',
  group: 'samples',
  answer: (problem: Sampled, { k }: Counted) => among(firstOf(problem, k), byVote),
  everyCount: true,
} satisfies Way;
export const bestOfK = {
  name: 'best-of-k',
  meaning: 'the ORM chooses of k samples',
  group: 'samples',
  answer: (problem: Sampled, { k }: Counted) => among(firstOf(problem, k), byOrm),
  everyCount: true,
  against: ['sample', 'draft'],
  headroom: { over: 'sample', anyOf: ['oracle@k'] },
} satisfies Way;

/** The ways that a report has rows for unless others are asked for. */
export const standardWays: readonly Way[] = [
  {
    name: 'draft',
    meaning: "the student's greedy solution",
    group: 'single',
    role: 'baseline',
    answer: ({ attempts }) => attempts.draft,
  },
  {
    name: 'sample',
    meaning: 'one sampled solution',
    group: 'single',
    answer: ({ attempts }) => attempts.samples[0],
  },
  {
    name: 'bo3',
    meaning: 'the ORM chooses of 3 samples',
    group: 'samples',
    answer: (problem) => among(firstOf(problem, 3), byOrm),
    againstInStudies: ['sample'],
    headroom: { over: 'sample', anyOf: ['oracle-bo3'] },
  },
  majorityAtK,
  bestOfK,
  {
    name: 'global',
    meaning: 'drafts refined globally',
    group: 'refiners',
    answer: (problem) => refined(problem, problem.refinements.global),
    againstInStudies: ['draft', 'local'],
  },
  {
    name: 'local',
    meaning: 'drafts refined where the SORM says',
    group: 'refiners',
    answer: (problem) => refined(problem, problem.refinements.local),
    against: ['local-orm'],
    againstInStudies: ['draft'],
  },
  {
    name: 'local-orm',
    meaning: 'drafts refined where the ORM says',
    group: 'refiners',
    undrawn: true,
    answer: (problem) => refined(problem, problem.refinements.localOrm),
  },
  {
    name: 'local-truth',
    meaning: 'drafts refined at their true first error',
    group: 'refiners',
    undrawn: true,
    answer: (problem) => refined(problem, problem.refinements.localTruth),
    againstInStudies: ['local'],
  },
  {
    name: 'rerank-global',
    meaning: 'the ORM chooses of draft and global',
    group: 'choices',
    answer: (problem) => reranked(problem, ['draft', 'global']),
    headroom: { over: 'draft', anyOf: ['draft', 'global'] },
  },
  {
    name: 'rerank-local',
    meaning: 'the ORM chooses of draft and local',
    group: 'choices',
    answer: (problem) => reranked(problem, ['draft', 'local']),
    headroom: { over: 'draft', anyOf: ['draft', 'local'] },
  },
  {
    name: 'rerank',
    meaning: 'the ORM chooses of draft, global, local',
    group: 'choices',
    role: 'method',
    answer: (problem) => reranked(problem, ALL),
    against: ['draft', 'bo3', 'best-of-k', 'majority@k'],
    againstInStudies: ['rerank-global', 'rerank-local', 'gate'],
    headroom: { over: 'draft', anyOf: ['oracle'] },
  },
  {
    name: 'gate',
    meaning: 'rerank, but only if ORM(draft) < tau',
    group: 'choices',
    answer: (problem, { tau }) => {
      const { draft } = problem.attempts;
      if (scoreOf(draft) < tau) return reranked(problem, ALL);
      return { right: draft.right, tokens: draft.tokens, scored: draft.tokens };
    },
    against: ['draft'],
    headroom: { over: 'draft', anyOf: ['oracle'] },
  },
  {
    name: 'rerank-both',
    meaning: 'both critics choose of draft, global, local',
    group: 'choices',
    answer: (problem) => reranked(problem, ALL, 'both'),
    against: ['rerank', 'both-of-k'],
    headroom: { over: 'draft', anyOf: ['oracle'] },
  },
  {
    name: 'both-of-k',
    meaning: 'both critics choose of k samples',
    group: 'samples',
    answer: (problem, { k }) => among(firstOf(problem, k), byBoth),
    againstInStudies: ['best-of-k'],
  },
  {
    name: 'oracle',
    meaning: 'draft, global or local is right',
    group: 'bounds',
    answer: (problem) => anyRight(problem, ALL),
    againstInStudies: ['rerank'],
  },
  {
    name: 'oracle-bo3',
    meaning: 'one of 3 samples is right',
    group: 'bounds',
    undrawn: true,
    answer: (problem) => anyOf(firstOf(problem, 3)),
  },
  {
    name: 'oracle@k',
    meaning: 'one of k samples is right',
    group: 'bounds',
    undrawn: true,
    answer: (problem, { k }) => anyOf(firstOf(problem, k)),
  },
];
