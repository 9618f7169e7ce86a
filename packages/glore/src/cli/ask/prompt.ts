/** Questions asked one after the other on a terminal. */
import { createInterface } from 'node:readline/promises';
import { GloreError } from '../../error.js';
import { readJsonl } from '../../files/index.js';
import { problemShape } from '../../problem/index.js';
import { visibleLines } from '../../visible.js';
import { messageOf } from '../failure.js';
import { wrap } from '../layout.js';
import { screenOf } from '../terminal.js';
import { problemsOf } from './unfamiliar.js';

/** Answers lines until an empty one, the end of the input or Ctrl-C. */
export async function askInTurn(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  answer: (question: string) => Promise<void>,
): Promise<void> {
  const lines = createInterface({ input, output, prompt: 'question> ' });
  let open = true;
  lines.once('close', () => {
    open = false;
  });
  lines.prompt();
  // Asked for one by one, `lines.question` would never come back from an input that has ended.
  for await (const line of lines) {
    const question = line.trim();
    if (question === '') return lines.close();
    await answer(question);
    if (open) lines.prompt();
  }
  // Ctrl-D and Ctrl-C leave the prompt without a line's end.
  output.write('\n');
}

/** Says what can be asked, before the first question is. */
export async function greet(folder: string): Promise<void> {
  const [first] = await readJsonl(problemsOf(folder), problemShape);
  const { width, paint } = screenOf(process.stderr);
  for (const line of [
    `Questions to the models of ${folder}, of the kind in ${problemsOf(folder)}. An empty line ends.`,
    `For example: ${first!.question}`,
  ])
    process.stderr.write(`${paint.dim(wrap(line, width))}\n`);
}

/** What is wrong with one question is no reason to ask no further one. */
export function goOn(error: unknown): void {
  if (!(error instanceof GloreError)) throw error;
  process.stderr.write(`${visibleLines(messageOf(error))}\n`);
}
