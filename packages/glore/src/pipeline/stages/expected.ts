/** What the SORM may learn before any label: what the student expects. */
import { type Checkpoint, deepen, Model, openTokenizer, withFreshRows } from '@glore/engine';
import { distinct } from '../../codec/index.js';
import { chooseRecords, expectedExample, withReplacedDigits } from '../../dataset/index.js';
import { hash32, Random } from '../../problem/index.js';
import type { Recipe } from '../../recipe/index.js';
import { byProblem } from '../../rollout/index.js';
import type { StageContext } from '../../run/index.js';
import type { GroupedExample } from '../../train/index.js';
import type { Run } from '../context.js';
import { readQuestions, readSamples } from '../records.js';
import { chunks } from '../units.js';

type Expected = NonNullable<Recipe['training']['sorm']['expected']>;

/** Solutions that are one task of the student. */
const PER_TASK = 64;

/**
 * The student with new layers on top, and with labels and tags that can be told from other tokens: in its texts there were none
 * of them.
 */
export function readied({ recipe, codec }: Run, student: Checkpoint, layers: number): Checkpoint {
  const { config, weights } = student;
  const seed = hash32(`${recipe.seed}/sorm/readied`);
  const { step, plus, minus } = codec.ids;
  const deeper = deepen(config, weights, config.layers + layers, seed);
  return {
    ...student,
    ...deeper,
    weights: withFreshRows(deeper.weights, [step, plus, minus], seed),
  };
}

/** The student's samples, and each with digits replaced, labelled by what the student expects. */
export async function expectedExamples(
  run: Run,
  { progress, signal, count }: StageContext,
  student: Checkpoint,
  { examples, replaced }: Expected,
): Promise<{ examples: GroupedExample[]; scoredTokens: number }> {
  const { codec, recipe } = run;
  const seed = `${recipe.seed}/sorm/expected`;
  const questions = await readQuestions(run, 'train');
  const samples = [...byProblem(await readSamples(run, questions)).values()].flatMap(distinct);
  const chosen = chooseRecords(samples, seed, examples && Math.ceil(examples / 2));
  const random = new Random(seed, 'replaced');
  const solutions = chosen.flatMap(({ problem, steps, answer }) =>
    [{ steps, answer }, withReplacedDigits({ steps, answer }, random, replaced)].map(
      (solution) => ({ problem, question: questions.get(problem)!, solution }),
    ),
  );
  const tokenizer = openTokenizer(student.tokenizer);
  const digits = new Set([...'0123456789'].flatMap((digit) => tokenizer.encode(digit)));
  const { workers, provider } = recipe;
  const model = await Model.open(student, { workers, provider });
  progress.total(solutions.length, 'solutions read by the student');
  let scoredTokens = 0;
  try {
    const of = async (part: typeof solutions): Promise<GroupedExample[]> => {
      signal?.throwIfAborted();
      const items = part.map(({ question, solution }) => {
        const { tokens, promptLength } = codec.plain(question, solution);
        const positions = Array.from(
          { length: tokens.length - promptLength },
          (_, i) => promptLength - 1 + i,
        );
        return { tokens, positions };
      });
      const scores = await model.score({ items, labels: 'next' }, (computed) => {
        scoredTokens += computed;
        count('neededTokens', computed);
        count('computedTokens', computed);
      });
      progress.advance(part.length);
      return part.map(({ problem, question, solution }, i) => {
        const logprobs = scores[i]!.map(([logprob]) => logprob!);
        const isDigits = (token: number) => digits.has(token);
        const example = expectedExample(codec, question, solution, logprobs, isDigits);
        return { ...example, group: problem };
      });
    };
    const parts = await Promise.all(chunks(solutions, PER_TASK).map(of));
    return { examples: parts.flat(), scoredTokens };
  } finally {
    await model.close();
  }
}
