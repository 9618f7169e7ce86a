import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { askInTurn } from './prompt.js';

/** What is asked of the lines, and what is shown. */
async function asked(...lines: string[]): Promise<{ questions: string[]; shown: string }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const questions: string[] = [];
  const done = askInTurn(input, output, async (question) => {
    questions.push(question);
    output.write(`<${question}>`);
    const next = lines.shift();
    if (next === undefined) input.end();
    else input.write(next);
  });
  input.write(lines.shift()!);
  await done;
  output.end();
  return { questions, shown: await text(output) };
}

it('answers one line after the other, and ends with an empty one', async () => {
  expect(await asked('one\n', '  two \n', ' \n')).toEqual({
    questions: ['one', 'two'],
    shown: 'question> <one>question> <two>question> ',
  });
});

it('ends with the input, on a line of its own', async () => {
  const { questions, shown } = await asked('one\n');
  expect(questions).toEqual(['one']);
  expect(shown).toMatch(/^question> <one>.*\n$/);
});

it('answers what was pasted in one piece, before it ends', async () => {
  expect((await asked('one\ntwo\n', '\n')).questions).toEqual(['one', 'two']);
});
