/**
 * The vote of samples (self-consistency, Wang et al. 2022): the answer that most of draft and samples give, in the words of
 * the first that gives it. No more samples are drawn than decide it.
 */
import type { Generated, Roles } from '../model/index.js';
import { extractAnswer, sameAnswer } from '../reading/index.js';
import { seedOf } from '../rollout/index.js';
import type { Candidate, Decision, RefineEvent, Source } from './decision.js';

interface VoteOptions {
  /** Solutions that vote, the draft among them. */
  readonly samples: number;
  readonly temperature: number;
  /** Of the question with this index. */
  readonly seed: (index: number) => number;
  /** Whether two answers are the same. */
  readonly same?: ((a: string, b: string) => boolean) | undefined;
  readonly observe: (event: RefineEvent) => void;
}

/** The vote on each question. A draft that is finished and has no answer is kept: there is nothing to compare. */
export function vote(
  questions: readonly string[],
  student: Roles['student'],
  drafts: readonly Generated[],
  options: VoteOptions,
): Promise<Decision[]> {
  return Promise.all(
    questions.map((question, index) => voteOn(question, index, student, drafts[index]!, options)),
  );
}

async function voteOn(
  question: string,
  index: number,
  student: Roles['student'],
  draft: Generated,
  { samples, temperature, seed, same = sameAnswer, observe }: VoteOptions,
): Promise<Decision> {
  const candidates: Candidate[] = [];
  /** The first candidate of each answer, and how many gave it. */
  const groups: { readonly answer: string; readonly first: number; votes: number }[] = [];
  const hear = (solution: Generated, source: Source): void => {
    const answer = answerIn(solution);
    const group = groups.find((one) => answer !== null && same(one.answer, answer));
    if (group) group.votes++;
    else if (answer !== null) groups.push({ answer, first: candidates.length, votes: 1 });
    const { steps, tokens, original } = solution;
    const candidate: Candidate = {
      source,
      solution: { steps, answer },
      score: 0,
      tokens,
      ...(original && { original }),
    };
    candidates.push(candidate);
    observe({ stage: source, index, candidate });
  };
  hear(draft, 'draft');
  const comparable = groups.length > 0 || draft.original?.finished === false;
  while (comparable && candidates.length < samples) {
    const [first = 0, second = 0] = groups.map(({ votes }) => votes).sort((a, b) => b - a);
    const left = samples - candidates.length;
    if (first > second + left) break;
    // As many as could decide it at once.
    const wanted = Math.max(1, Math.min(left, Math.ceil((second + left - first + 1) / 2)));
    const seeds = Array.from({ length: wanted }, (_, i) =>
      seedOf(seed(index), question, 'vote', candidates.length + i),
    );
    const [drawn] = await student.sample([{ question, seeds }], temperature);
    for (const sample of drawn!) hear(sample, 'sample');
  }
  const winner = groups.reduce((best, group) => (group.votes > best.votes ? group : best), {
    first: 0,
    votes: 0,
  });
  const shares = candidates.map((candidate) => {
    const { answer } = candidate.solution;
    const group = groups.find((one) => answer !== null && same(one.answer, answer));
    return { ...candidate, score: (group?.votes ?? 0) / candidates.length };
  });
  observe({ stage: 'choice', index, choice: winner.first });
  return { values: [], location: -1, candidates: shares, choice: winner.first };
}

/** The answer, a guess where none is marked: models of which nothing is asked mark few. */
const answerIn = ({ answer, original }: Pick<Generated, 'answer' | 'original'>): string | null =>
  answer ?? (original?.finished ? (extractAnswer(original.text)?.value ?? null) : null);
