/** The engine's side of the benchmark: units of training, sampling and scoring. */
import { Model, nextTokenExample, Trainer } from '@glore/engine';

/** Of all that sample here, a recipe's usual one. */
export const TEMPERATURE = 0.7;

/** Each prompt once, with a branch for each row that has it. */
function contextsOf(rows, firstSeed) {
  const contexts = [];
  for (const [i, tokens] of rows.entries()) {
    if (tokens !== rows[i - 1]) contexts.push({ tokens, branches: [] });
    contexts.at(-1).branches.push({ length: tokens.length, seed: firstSeed + i });
  }
  return contexts;
}

/**
 * Opens a model for the three measurements. Each does one unit of work and gives the number of tokens in it:
 * a training step on the examples; sampling `more` tokens after each prompt; scoring the texts.
 */
export async function openOurs({ checkpoint, examples, prompts, texts, more, rows, workers }) {
  const trainer = await Trainer.open(checkpoint, { workers });
  const model = await Model.open(checkpoint, { workers, rows });
  const batch = examples.map((tokens) => nextTokenExample(tokens, 1));
  /** The sequences in equal parts, one for each worker. */
  const parts = (sequences) =>
    Array.from({ length: workers }, (_, i) => sequences.slice(i * rows, (i + 1) * rows));

  let computed = 0;
  let made = 0;
  const sampled = async (maxTokens) => {
    const results = await Promise.all(
      parts(prompts).map((part, worker) =>
        model.generate({
          contexts: contextsOf(part, worker * rows),
          maxTokens,
          temperature: TEMPERATURE,
          stop: [],
        }),
      ),
    );
    const completions = results.flatMap((result) => result.completions.flat());
    const tokens = completions.reduce((sum, completion) => sum + completion.tokens.length, 0);
    made += tokens - completions.length;
    computed += results.reduce((sum, { generated }) => sum + generated, 0);
    return tokens;
  };
  const score = async () => {
    const positions = Array.from({ length: texts[0].length / 8 }, (_, i) => 8 * i + 7);
    await Promise.all(
      parts(texts).map((part) =>
        model.score({ items: part.map((tokens) => ({ tokens, positions })), labels: [1, 2] }),
      ),
    );
    return texts.length * texts[0].length;
  };
  const train = async () => (await trainer.step(batch, 1e-3)).tokens;

  // Sessions of the trainer are compiled at the first step; memory is first touched in the first runs.
  await train();
  await sampled(2);
  await score();
  return {
    train,
    sample: () => sampled(more),
    score,
    /** Positions computed after the prompts, of those whose successor was drawn: samples have tokens in common. */
    computedOfSampled: () => computed / made,
    close: () => Promise.all([trainer.close(), model.close()]),
  };
}
