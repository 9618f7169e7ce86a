/**
 * Training and test problems of the table with training, as JSON Lines whose steps are sums alone: SVAMP's from its equations,
 * GSM8K's from its annotations. Tests are the 300 of SVAMP that the table without training has.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { holdOut } from '../../packages/glore/dist/problem/division.js';
import { Random, readGsm8k, readSvamp } from '../../packages/glore/dist/problem/index.js';

/** Steps of GSM8K's problems, at most. */
const most = 2;

/** Writes train.jsonl and test.jsonl into `folder`; gives how many problems they have. */
export function writeProblems(data, folder) {
  const file = join(data, 'svamp/SVAMP.json');
  const equations = new Map(
    JSON.parse(readFileSync(file, 'utf8')).map(({ ID, Equation }) => [ID, Equation]),
  );
  const svamp = holdOut({ train: readSvamp(file) }, { dev: 40, test: 300 });
  const own = [...svamp.train, ...svamp.dev].flatMap((problem) => {
    const steps = stepsOf(equations.get(problem.id));
    // A few equations give another answer than the problem's.
    return steps.at(-1)?.endsWith(`=${problem.answer}`) ? [{ ...problem, steps }] : [];
  });
  const others = readGsm8k(join(data, 'gsm8k/train.jsonl'), 'gsm8k').flatMap((problem) => {
    const steps = [...problem.steps.join('\n').matchAll(/<<([^<>=]+=[^<>=]+)>>/g)].map(
      ([, sum]) => sum,
    );
    const whole = steps.length > 0 && steps.at(-1).endsWith(`=${problem.answer}`);
    return whole && steps.length <= most && problem.question.length < 220
      ? [{ ...problem, steps }]
      : [];
  });
  const order = new Random('tests', 'svamp');
  const sets = { train: [...own, ...others], test: order.shuffle(svamp.test) };
  for (const [name, problems] of Object.entries(sets)) {
    const lines = problems.map(({ id, question, steps, answer }) =>
      JSON.stringify({ id, question, steps, answer }),
    );
    writeFileSync(join(folder, `${name}.jsonl`), `${lines.join('\n')}\n`);
  }
  return { svamp: own.length, gsm8k: others.length, test: sets.test.length };
}

/** "( ( 4.0 + 3.0 ) * 2.0 )" as "4+3=7" and "7*2=14". */
function stepsOf(equation) {
  const tokens = equation.split(/\s+/).filter((token) => token !== '');
  const steps = [];
  let at = 0;
  const value = () => {
    if (tokens[at] !== '(') return Number(tokens[at++]);
    at++;
    const a = value();
    const operation = tokens[at++];
    const b = value();
    at++;
    const result = { '+': a + b, '-': a - b, '*': a * b, '/': a / b }[operation];
    steps.push(`${spelt(a)}${operation}${spelt(b)}=${spelt(result)}`);
    return result;
  };
  value();
  return steps;
}

const spelt = (number) => String(Number(number.toFixed(4)));

if (process.argv[2]) console.log(writeProblems(process.argv[2], process.argv[3]));
