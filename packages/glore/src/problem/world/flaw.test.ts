import { describe, expect, it } from 'vitest';
import { flawedAttempt } from './flaw.js';
import { generateProblems } from './generate.js';
import { Random } from './random.js';
import { difficulty } from './settings.js';
import { judgeSteps } from './truth.js';

const settings = { ...difficulty(0.5), steps: [2, 5], named: 0.4, distractors: 0.4 } as const;
const problems = generateProblems({ split: 'train', count: 400, seed: 11, settings });
const random = () => new Random('flaws', 3);

describe('flawedAttempt', () => {
  it('is the worked solution where there is no flaw', () => {
    const stream = random();
    for (const problem of problems.slice(0, 50)) {
      const { right, written, firstWrong } = flawedAttempt(stream, problem.question, 0);
      expect(written).toEqual(right);
      expect(firstWrong).toBe(-1);
      expect(right.answer).toBe(problem.answer);
      expect(right.steps).toEqual(problem.steps.map((step) => step.replace(/<<.*?>>/g, '')));
    }
  });

  it('goes wrong at the line it names, as the truth of the world finds it', () => {
    const stream = random();
    let agreed = 0;
    const lines = new Set<number>();
    for (const problem of problems) {
      const { right, written, firstWrong } = flawedAttempt(stream, problem.question, 1);
      const own = [...written.steps, `#### ${written.answer}`];
      const gold = [...right.steps, `#### ${right.answer}`];
      expect(own.slice(0, firstWrong - 1)).toEqual(gold.slice(0, firstWrong - 1));
      expect(own[firstWrong - 1]).not.toBe(gold[firstWrong - 1]);
      const judged = judgeSteps(problem, written.steps).indexOf(false);
      const expected =
        judged >= 0 ? judged + 1 : written.answer === problem.answer ? -1 : own.length;
      if (expected === firstWrong) agreed++;
      lines.add(firstWrong);
    }
    // The rest left a change out and made up for it in another order.
    expect(agreed / problems.length).toBeGreaterThan(0.99);
    expect([...lines].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('works on from the flaw', () => {
    const stream = random();
    const slips = problems.map(({ question }) => flawedAttempt(stream, question, 1).written.steps);
    const equations = slips.flat().map((step) => /(\d+)([-+*/])(\d+)=(\d+)/.exec(step)!);
    const off = equations.filter(([, a, sign, b, result]) => {
      const [x, y] = [Number(a), Number(b)];
      const value = { '+': x + y, '-': Math.abs(x - y), '*': x * y, '/': Math.floor(x / y) }[sign!];
      return value !== Number(result);
    });
    // At most one wrong result in each attempt.
    expect(off.length).toBeGreaterThan(50);
    expect(off.length).toBeLessThan(slips.length / 2);
  });
});
