/** The vote that stops early against the one that counts all. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Author, Student } from '../model/index.js';
import { vote } from './vote.js';

/** Writes what is given, in turn. */
function writing(answers: readonly (string | null)[]) {
  let at = 0;
  const author: Author = {
    write: async (requests) =>
      requests.map(({ branches }) =>
        branches.map(() => ({ steps: ['s'], answer: answers[at++] ?? null, tokens: 1 })),
      ),
  };
  return { student: new Student(author, 9), drawn: () => at };
}

/** The answer that most give, of those alike the one that was first (the oracle). */
function mostFrequent(answers: readonly (string | null)[]): string | null {
  const given = answers.filter((answer) => answer !== null);
  const votes = (answer: string) => given.filter((other) => other === answer).length;
  const most = Math.max(0, ...given.map(votes));
  return given.find((answer) => votes(answer) === most) ?? null;
}

const settings = { temperature: 1, seed: () => 0, observe: () => {} };

it('chooses what most of all samples give, and draws no more than decide it', async () => {
  const answer = fc.constantFrom('1', '2', '3', null);
  await fc.assert(
    fc.asyncProperty(
      answer.filter((one) => one !== null),
      fc.array(answer, { maxLength: 8 }),
      async (draft, rest) => {
        const { student, drawn } = writing(rest);
        const drafts = [{ steps: ['d'], answer: draft, tokens: 1 }];
        const samples = rest.length + 1;
        const [decision] = await vote(['q'], student, drafts, { ...settings, samples });
        const { candidates, choice } = decision!;
        expect(candidates[choice]!.solution.answer).toBe(mostFrequent([draft, ...rest]));
        expect(candidates.length).toBe(1 + drawn());
        expect(drawn()).toBeLessThanOrEqual(rest.length);
        if (rest.every((one) => one === draft)) expect(drawn()).toBe(Math.floor(samples / 2));
      },
    ),
  );
});

it('compares by the function that it is given', async () => {
  const { student } = writing(['Blue', 'red']);
  const drafts = [{ steps: [], answer: 'blue!', tokens: 1 }];
  const same = (a: string, b: string) => a[0]!.toLowerCase() === b[0]!.toLowerCase();
  const [decision] = await vote(['q'], student, drafts, { ...settings, samples: 3, same });
  expect(decision!.candidates.map(({ score }) => score)).toEqual([1, 1]);
});
