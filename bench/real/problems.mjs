/**
 * Training and test problems of the table with training: those of GSM8K with one or two steps, as JSON Lines whose steps are
 * sums alone ("48/2=24"), from its annotations.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random, readGsm8k } from '../../packages/glore/dist/problem/index.js';

/** Steps of a problem, and characters of its question, at most. */
const most = { steps: 2, characters: 320 };

/** Writes train.jsonl and test.jsonl into `folder`; gives how many problems they have. */
export function writeProblems(data, folder) {
  const counts = {};
  for (const name of ['train', 'test']) {
    const problems = readGsm8k(join(data, `gsm8k/${name}.jsonl`), name).flatMap(inSums);
    counts[name] = problems.length;
    const lines = new Random('tests', 'gsm8k')
      .shuffle(problems)
      .map(({ id, question, steps, answer }) => JSON.stringify({ id, question, steps, answer }));
    writeFileSync(join(folder, `${name}.jsonl`), `${lines.join('\n')}\n`);
  }
  return counts;
}

/** The problem with its sums for steps, if they lead to its answer and it is short enough. */
function inSums(problem) {
  const { question, answer } = problem;
  const steps = [...problem.steps.join('\n').matchAll(/<<([^<>=]+=[^<>=]+)>>/g)].map(
    ([, sum]) => sum,
  );
  const right = steps.at(-1)?.endsWith(`=${answer}`);
  const short = steps.length <= most.steps && question.length <= most.characters;
  return right && short ? [{ ...problem, steps }] : [];
}
