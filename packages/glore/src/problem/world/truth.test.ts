import { describe, expect, it } from 'vitest';
import { generateProblems, toGsm8k } from './generate.js';
import { Random } from './random.js';
import { difficulty } from './settings.js';
import { finalRight, firstWrongStep, judgeSteps } from './truth.js';

const ask = (question: string) => ({ id: 'q', question, answer: '0', steps: [] });
const fay = ask(
  'Ann has 77 shells. Fay has 37 shells. Fay finds 148 more. Fay is 31 years old. Fay loses 29. ' +
    'Then Fay has 3 times as many. Fay keeps one of 4 equal piles. How many shells does Fay have?',
);
const both = ask(
  'Fay has 37 shells. Fay finds 148 more. Lee has 45 more than Fay. Lee sells 30. Fay loses 9. ' +
    'How many shells do Fay and Lee have together?',
);
const lee = ask(both.question.replace('do Fay and Lee have together', 'does Lee have'));
const judge = (problem: typeof fay, ...steps: string[]) => judgeSteps(problem, steps);

describe('judgeSteps', () => {
  const problems = [0, 0.5, 1].flatMap((level) =>
    (['train', 'dev', 'test'] as const).flatMap((split) =>
      generateProblems({ split, count: 400, seed: 3, settings: difficulty(level) }),
    ),
  );

  it('finds every gold step right', () => {
    for (const problem of problems) {
      expect(judgeSteps(problem, problem.steps), problem.question).not.toContain(false);
      expect(firstWrongStep(problem, problem.steps)).toBe(-1);
    }
  });

  it('finds gold steps right without annotations, and with annotations only', () => {
    for (const problem of problems) {
      const plain = problem.steps.map((step) => step.replace(/<<.*>>/, ''));
      expect(judgeSteps(problem, plain)).not.toContain(false);
      const annotated = problem.steps.map((step) => step.replace(/\d\S*=<</, '<<'));
      expect(judgeSteps(problem, annotated)).not.toContain(false);
    }
  });

  it('finds a step wrong in which any one number is replaced, and no step before it', () => {
    const random = new Random('corrupt');
    for (const problem of problems) {
      const steps = problem.steps.map((step) => step.replace(/<<.*>>/, ''));
      const place = random.integer(0, steps.length - 1);
      const numbers = steps[place]!.match(/\d+/g)!;
      numbers.forEach((number, which) => {
        const other = String(Number(number) + random.pick([-10, -1, 1, 2, 10, 100]));
        let seen = -1;
        const wrong = steps[place]!.replace(/\d+/g, (digits) =>
          ++seen === which ? other : digits,
        );
        expect(firstWrongStep(problem, steps.with(place, wrong)), wrong).toBe(place + 1);
      });
    }
  });

  it('finds a gold step wrong when the result it uses was never reached', () => {
    const chains = problems.filter((problem) => !problem.question.includes('together'));
    for (const problem of chains) {
      expect(judgeSteps(problem, problem.steps.slice(1))[0]).toBe(false);
    }
  });

  it('accepts other ways to the same quantity', () => {
    expect(judge(fay, 'Fay has 148+37=185.', 'Fay has 185-29=156.')).toEqual([true, true]);
    expect(
      judge(fay, 'Fay has 37+148-29=156.', '3*156=468', 'So Fay has 468 / 4 = 117 shells.'),
    ).toEqual([true, true, true]);
    expect(judge(fay, 'Fay has 37-29+148=156.', 'Fay has 156*3/4=117.')).toEqual([true, true]);
    expect(judge(both, '37+148=185', '185+45-30=200', '185-9+200=376')).toEqual([true, true, true]);
  });

  it('accepts a repeated right step', () => {
    const step = 'Fay has 37+148=<<37+148=185>>185.';
    expect(judge(fay, step, step)).toEqual([true, true]);
  });

  it('refuses a step without exactly one well-formed equation', () => {
    for (const step of [
      'Fay has 185.',
      'Fay has 37+148.',
      'Fay has 185=185.',
      'Fay has 37+148=185=185.',
      'Fay has 37+148=0185.',
      'Fay has 37+148=185. Fay has 37+148=185.',
      'Fay has 37+148=185, not 77.',
      'Fay has 37+148=<<37+148=195>>185.',
      'Fay has 37+148=<<148+37=185>>185.',
      'Fay has <<37+148=185>>186.',
      'Fay has 37++148=185.',
      '',
    ]) {
      expect(judge(fay, step), step).toEqual([false]);
    }
  });

  it('refuses numbers of distractors, of other places, and skipped results', () => {
    expect(judge(fay, 'Fay has 77+148=225.')).toEqual([false]);
    expect(judge(fay, 'Fay has 37+31=68.')).toEqual([false]);
    expect(judge(fay, 'Fay has 37-29=8.')).toEqual([false]);
    expect(judge(fay, 'Fay has 185-29=156.')).toEqual([false]);
    expect(judge(fay, 'Fay has 37+148=195.', 'Fay has 185-29=156.')).toEqual([false, false]);
    // A right result does not heal a chain that passes over a wrong number.
    expect(judge(fay, 'Fay has 37+148=195.', 'Fay has 195-29=166.')).toEqual([false, false]);
  });

  it('refuses true sentences about quantities off the way', () => {
    expect(judge(lee, 'Fay has 37+148=185.', 'Fay has 185-9=176.')).toEqual([true, false]);
    const asksFay = ask(both.question.replace('do Fay and Lee have together', 'does Fay have'));
    expect(judge(asksFay, 'Fay has 37+148=185.', 'Lee has 185+45=230.')).toEqual([true, false]);
  });

  it('refuses a quantity given to the wrong person', () => {
    expect(judge(fay, 'Ann has 37+148=185.')).toEqual([false]);
    expect(judge(fay, 'Zoe has 37+148=185.')).toEqual([false]);
    expect(judge(fay, 'Together they have 37+148=185.')).toEqual([false]);
    const steps = [
      'Fay has 37+148=185.',
      'Lee has 185+45=230.',
      'Lee has 230-30=200.',
      'Fay has 185-9=176.',
    ];
    const last = (step: string) => judge(both, ...steps, step).at(-1);
    expect(judge(both, ...steps)).not.toContain(false);
    expect(last('Together they have 176+200=376.')).toBe(true);
    expect(last('Fay and Lee have 200+176=376.')).toBe(true);
    expect(last('Lee has 176+200=376.')).toBe(false);
    expect(last('Fay and Ann have 176+200=376.')).toBe(false);
  });

  it('is not taken in by coincidences', () => {
    // The distractor has the number that is needed: the number counts as given.
    const same = ask(
      'Ann has 148 shells. Fay has 37 shells. Fay finds 148 more. How many shells does Fay have?',
    );
    expect(judge(same, 'Fay has 37+148=185.')).toEqual([true]);
    // 20+10 is 30 and so is 10*3, but only one of them is what the story says.
    const thrice = ask(
      'Fay has 10 shells. Then Fay has 3 times as many. Fay loses 20. How many shells does Fay have?',
    );
    expect(judge(thrice, 'Fay has 10+20=30.')).toEqual([false]);
    expect(judge(thrice, 'Fay has 10*3=30.', 'Fay has 30-20=10.')).toEqual([true, true]);
    // 2+2 is 2*2, but a gain is no multiplication.
    const twos = ask('Fay has 2 shells. Fay finds 2 more. How many shells does Fay have?');
    expect(judge(twos, 'Fay has 2*2=4.')).toEqual([false]);
    expect(judge(twos, 'Fay has 2+2=4.')).toEqual([true]);
    // Gain and loss are both 30: the loss alone leads nowhere, the values 70 and 40 recur.
    const back = ask(
      'Fay has 70 shells. Fay loses 30. Fay finds 30 more. Fay loses 30. How many shells does Fay have?',
    );
    expect(judge(back, 'Fay has 70+30=100.')).toEqual([false]);
    expect(judge(back, 'Fay has 70-30=40.', 'Fay has 40+30=70.', 'Fay has 70-30=40.')).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('throws for a question of another world', () => {
    expect(() => judge(ask('What is 2+2?'), '2+2=4')).toThrow(
      expect.objectContaining({ code: 'world.unreadable' }),
    );
  });
});

describe('finalRight', () => {
  const problem = { ...fay, answer: '1170' };

  it('compares answers as whole numbers', () => {
    for (const text of ['1170', '1,170', '#### 1170', ' 1170. ']) {
      expect(finalRight(problem, text), text).toBe(true);
    }
    for (const text of ['117', '11700', '-1170', '', 'none', '1170 or 12', '1170.5']) {
      expect(finalRight(problem, text), text).toBe(false);
    }
  });

  it('accepts the last line of the GSM8K record', () => {
    for (const world of generateProblems({
      split: 'dev',
      count: 50,
      seed: 1,
      settings: difficulty(1),
    })) {
      const record = toGsm8k(world);
      expect(record.question).toBe(world.question);
      expect(record.answer.split('\n').slice(0, -1)).toEqual(world.steps);
      expect(finalRight(world, record.answer.split('\n').at(-1)!)).toBe(true);
    }
  });
});
