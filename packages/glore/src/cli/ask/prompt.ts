/** Questions asked one after the other on a terminal. */
import { createInterface } from 'node:readline/promises';

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
