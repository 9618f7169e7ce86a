/** A scorer of one's own says where: a line is wrong where its sum is. node examples/dist/scorer.js runs/tiny */
import { chosen, openRun, refine } from 'glore';
import { type Critic, RewardModel } from 'glore/models';

const holds = (line: string): boolean => {
  const [, a, sign, b, result] = /(\d+)([-+*/])(\d+)=(\d+)/.exec(line) ?? [];
  const [x, y] = [Number(a), Number(b)];
  return !sign || { '+': x + y, '-': x - y, '*': x * y, '/': x / y }[sign] === Number(result);
};
const calculator: Critic = {
  value: async (items) =>
    items.map(({ solution: { steps, answer } }) => ({
      values: [...steps.map((step) => Number(holds(step))), ...(answer === null ? [] : [1])],
      tokens: 0,
    })),
};

const question =
  'Lee has 395 books. Lee loses 236. Lee sells 15. Lee buys 351 more. How many books does Lee have?';
const run = await openRun(process.argv[2] ?? 'runs/tiny');
const roles = { ...run.roles, sorm: new RewardModel(calculator) };
const [decision] = await refine([question], roles, { ...run.options, threshold: 0.5 });
console.log(decision!.values, decision!.location, chosen(decision!));
await run.close();
