/** The ways to answer, in the order of the report's rows. One entry is all that a new one needs. */
import type { Source } from '../../refine/index.js';
import { type ProblemRecords, type Sampled, scoreOf } from '../records.js';
import {
  alone,
  among,
  anyOf,
  anyRight,
  byBoth,
  byLikelihood,
  byOrm,
  byVote,
  byWeight,
  likeliest,
  refined,
  reranked,
} from './choice.js';
import type { Setting, Way } from './way.js';

type Counted = Pick<Setting, 'k'>;

const ALL: readonly Source[] = ['draft', 'global', 'local'];
const firstOf = ({ attempts }: Sampled, count: number) => attempts.samples.slice(0, count);

const ofRetrained = (problem: ProblemRecords, count: number) =>
  problem.retrained && among(problem, problem.retrained.samples.slice(0, count), byOrm);

/** The two that a curve follows over all numbers of samples. */
export const majorityAtK = {
  name: 'majority@k',
  meaning: 'the most frequent answer of k samples',
  group: 'samples',
  answer: (problem: Sampled, { k }: Counted) => among(problem, firstOf(problem, k), byVote),
  everyCount: true,
} satisfies Way;
export const bestOfK = {
  name: 'best-of-k',
  meaning: 'the ORM chooses of k samples',
  group: 'samples',
  answer: (problem: Sampled, { k }: Counted) => among(problem, firstOf(problem, k), byOrm),
  everyCount: true,
  against: ['sample', 'draft', 'likeliest-of-k'],
  headroom: { over: 'sample', anyOf: ['oracle@k'] },
} satisfies Way;

/** The ways that a report has rows for unless others are asked for. */
export const standardWays: readonly Way[] = [
  {
    name: 'draft',
    meaning: "the student's greedy solution",
    group: 'single',
    role: 'baseline',
    answer: (problem) => alone(problem, problem.attempts.draft),
  },
  {
    name: 'sample',
    meaning: 'one sampled solution',
    group: 'single',
    answer: (problem) => alone(problem, problem.attempts.samples[0]),
  },
  {
    name: 'bo3',
    meaning: 'the ORM chooses of 3 samples',
    group: 'samples',
    answer: (problem) => among(problem, firstOf(problem, 3), byOrm),
    againstInStudies: ['sample'],
    headroom: { over: 'sample', anyOf: ['oracle-bo3'] },
  },
  {
    name: 'draft-bo3',
    meaning: 'the ORM chooses of draft and 2 samples',
    group: 'samples',
    answer: (problem) => among(problem, [problem.attempts.draft, ...firstOf(problem, 2)], byOrm),
  },
  majorityAtK,
  {
    name: 'weighted@k',
    meaning: 'the answer that k samples, as the ORM values them, are for',
    group: 'samples',
    undrawn: true,
    everyCount: true,
    answer: (problem, { k }) => among(problem, firstOf(problem, k), byWeight),
  },
  bestOfK,
  {
    name: 'likeliest-of-k',
    meaning: 'the one of k samples that the student finds likeliest',
    group: 'samples',
    undrawn: true,
    answer: (problem, { k }) => {
      const likelihoods = problem.controls?.likelihoods?.samples.slice(0, k);
      return likelihoods && among(problem, firstOf(problem, k), byLikelihood(likelihoods));
    },
  },
  {
    name: 'retrained',
    meaning: "the student, trained on with the refiners' targets",
    group: 'single',
    answer: (problem) => alone(problem, problem.retrained?.draft),
    againstInStudies: ['draft'],
  },
  {
    name: 'retrained-bo3',
    meaning: 'the ORM chooses of 3 samples of that one',
    group: 'samples',
    answer: (problem) => ofRetrained(problem, 3),
  },
  {
    name: 'retrained-best-of-k',
    meaning: 'the ORM chooses of k samples of that one',
    group: 'samples',
    everyCount: true,
    answer: (problem, { k }) => ofRetrained(problem, k),
  },
  ...([3, 8] as const).map(
    (size): Way => ({
      name: `beam-${size}`,
      meaning: `step-level beam search with the SORM, ${size} lines at once`,
      group: 'samples',
      undrawn: true,
      answer: ({ controls }) => {
        const found = controls?.beams?.[size];
        if (!controls || !found) return undefined;
        const { right, tokens, read } = found;
        // The student and both critics read the question.
        return { right, tokens, scored: read, processed: 3 * controls.prompt + tokens + read };
      },
    }),
  ),
  {
    name: 'global',
    meaning: 'drafts refined globally',
    group: 'refiners',
    answer: (problem) => refined(problem, 'global', problem.refinements.global),
    against: ['global-blind', 'global-plain'],
    againstInStudies: ['draft', 'local'],
  },
  {
    name: 'global-blind',
    meaning: "the global refiner with another problem's draft",
    group: 'refiners',
    undrawn: true,
    answer: (problem) => refined(problem, 'global', problem.controls?.globalBlind),
  },
  {
    name: 'global-plain',
    meaning: 'the global refiner solves without a draft',
    group: 'refiners',
    undrawn: true,
    answer: ({ controls }) =>
      controls && {
        right: controls.globalPlain.right,
        tokens: controls.globalPlain.tokens,
        processed: controls.prompt + controls.globalPlain.tokens,
      },
  },
  {
    name: 'local',
    meaning: 'drafts refined where the SORM says',
    group: 'refiners',
    answer: (problem) => refined(problem, 'local', problem.refinements.local),
    against: ['local-orm', 'local-random'],
    againstInStudies: ['draft'],
  },
  {
    name: 'local-orm',
    meaning: 'drafts refined where the ORM says',
    group: 'refiners',
    undrawn: true,
    answer: (problem) => refined(problem, 'local', problem.refinements.localOrm),
  },
  {
    name: 'local-random',
    meaning: 'the same drafts refined at a random line',
    group: 'refiners',
    undrawn: true,
    answer: (problem) => refined(problem, 'local', problem.controls?.localRandom),
  },
  {
    name: 'local-truth',
    meaning: 'drafts refined at their true first error',
    group: 'refiners',
    undrawn: true,
    answer: (problem) => refined(problem, 'local', problem.refinements.localTruth),
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
    against: [
      'draft',
      'bo3',
      'draft-bo3',
      'best-of-k',
      'majority@k',
      'weighted@k',
      'rerank-likeliest',
      'retrained',
      'retrained-bo3',
      'retrained-best-of-k',
      'beam-3',
      'beam-8',
    ],
    againstInStudies: ['rerank-global', 'rerank-local', 'gate'],
    headroom: { over: 'draft', anyOf: ['oracle'] },
  },
  {
    name: 'rerank-likeliest',
    meaning: 'the one of draft, global, local that the student finds likeliest',
    group: 'choices',
    undrawn: true,
    answer: likeliest,
  },
  {
    name: 'gate',
    meaning: 'rerank, but only if ORM(draft) < tau',
    group: 'choices',
    answer: (problem, { tau }) => {
      const { draft } = problem.attempts;
      if (scoreOf(draft) < tau) return reranked(problem, ALL);
      return among(problem, [draft], byOrm);
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
    answer: (problem, { k }) => among(problem, firstOf(problem, k), byBoth),
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
    answer: (problem) => anyOf(problem, firstOf(problem, 3)),
  },
  {
    name: 'oracle@k',
    meaning: 'one of k samples is right',
    group: 'bounds',
    undrawn: true,
    answer: (problem, { k }) => anyOf(problem, firstOf(problem, k)),
  },
];
