/** What the SORM may learn before any label: what the student expects. */
import { join } from 'node:path';
import { type Checkpoint, deepen, openTokenizer, withFreshRows } from '@glore/engine';
import { z } from 'zod';
import { distinct } from '../../codec/index.js';
import { chooseRecords, expectedExample, withReplacedDigits } from '../../dataset/index.js';
import { openEmbedded } from '../../model/index.js';
import { hash32, Random } from '../../problem/index.js';
import type { Recipe } from '../../recipe/index.js';
import { byProblem } from '../../rollout/index.js';
import { collect, type StageContext } from '../../run/index.js';
import type { GroupedExample } from '../../train/index.js';
import type { Run } from '../context.js';
import { readQuestions, readSamples } from '../records.js';
import { chunks } from '../units.js';
import { advancing } from './work.js';

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
  context: StageContext,
  student: Checkpoint,
  { examples, replaced }: Expected,
): Promise<{ examples: GroupedExample[]; scoredTokens: number }> {
  const { codec, recipe } = run;
  const { folder, progress, signal, count } = context;
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
  const { workers, provider, bits } = recipe;
  const model = await openEmbedded(student, workers, {
    provider,
    bits,
    count: ({ needed, computed }) => {
      count('neededTokens', needed);
      count('computedTokens', computed);
    },
  });
  const author = model.author(codec);
  progress.total(solutions.length, 'solutions read by the student');
  const found = await collect({
    path: join(folder, 'expected.logprobs.jsonl'),
    shape: logprobsShape,
    units: chunks(
      solutions.map((one, place) => ({ ...one, place })),
      PER_TASK,
    ),
    key: ([first]) => String(first!.place),
    work: async (unit) => (await author.logprobs!(unit)).map((logprobs) => ({ logprobs })),
    parallel: workers,
    signal,
    onUnit: advancing(context, (records) => records.length),
  }).finally(() => model.close());
  const isDigits = (token: number) => digits.has(token);
  return {
    examples: solutions.map(({ problem, question, solution }, i) => ({
      ...expectedExample(codec, question, solution, found[i]!.logprobs, isDigits),
      group: problem,
    })),
    scoredTokens: solutions.reduce(
      (sum, { question, solution }) => sum + codec.plain(question, solution).tokens.length,
      0,
    ),
  };
}

/** Of each token of a solution, as the student gives them, in nats. */
const logprobsShape = z.object({ logprobs: z.array(z.number()) });
