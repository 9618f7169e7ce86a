/** What the models of the benchmark learn and continue: worked problems of the built-in world, one after the other. */
import { nextTokenExample, Trainer } from '@glore/engine';
import { createCodec } from '../../packages/glore/dist/codec/index.js';
import { generateProblems } from '../../packages/glore/dist/problem/index.js';

/** Lengths of the windows that a model learns from, so that it knows all positions that it is sampled at. */
const WINDOWS = [64, 128, 320];
const RATE = 2e-3;

/** Token rows cut from worked problems; problems are other ones for each `split`. */
export function openText(tokenizer, settings) {
  const codec = createCodec(tokenizer);
  const problems = (split, count) => generateProblems({ split, count, seed: 1, settings });
  const worked = (problem) => codec.plain(problem.question, problem);

  /** `count` windows of `length` tokens. */
  const windows = (count, length, split) => {
    const rows = [];
    let stream = [];
    for (const problem of problems(split, Math.ceil((count * length) / 60) + 8)) {
      stream.push(...worked(problem).tokens);
      while (stream.length >= length && rows.length < count) {
        rows.push(stream.slice(0, length));
        stream = stream.slice(length);
      }
    }
    if (rows.length < count) throw new Error(`${rows.length} windows of ${length}, not ${count}`);
    return rows;
  };

  /** `count` prompts of `length` tokens that end where a solution is to begin, each `each` times in turn. */
  const prompts = (count, length, each) => {
    const rows = [];
    let stream = [];
    for (const problem of problems('test', Math.ceil(count / each) + 20)) {
      const { tokens, promptLength } = worked(problem);
      const prompt = [...stream, ...tokens.slice(0, promptLength)].slice(-length);
      if (prompt.length === length) {
        for (let k = 0; k < each && rows.length < count; k++) rows.push(prompt);
      }
      stream = [...stream, ...tokens].slice(-length);
    }
    if (rows.length < count) throw new Error(`${rows.length} prompts of ${length}, not ${count}`);
    return rows;
  };

  return { windows, prompts, end: codec.ids.eos };
}

/** The model after some updates, each on windows of about `positions` tokens in all. */
export async function learn({ checkpoint, text, updates, positions, workers, note }) {
  if (updates === 0) return checkpoint;
  const trainer = await Trainer.open(checkpoint, { workers });
  const each = Math.ceil(positions / WINDOWS.reduce((sum, length) => sum + length, 0));
  const rows = WINDOWS.map((length) => text.windows(each * updates, length, 'train'));
  for (let update = 0; update < updates; update++) {
    const batch = rows.flatMap((windows) => windows.slice(update * each, (update + 1) * each));
    const warm = Math.min(1, (update + 1) / 20);
    const left = 1 - update / updates;
    const rate = RATE * Math.min(warm, 0.1 + 0.9 * left);
    const examples = batch.map((tokens) => nextTokenExample(tokens, 1));
    const { loss } = await trainer.step(examples, rate);
    if ((update + 1) % 10 === 0)
      note(`update ${update + 1} of ${updates}, loss ${loss.toFixed(3)}`);
  }
  const weights = trainer.weights();
  await trainer.close();
  return { ...checkpoint, weights };
}
