/** The engine's side of the benchmark: units of training, sampling and scoring. */
import { Model, nextTokenExample, Trainer } from '@glore/engine';

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

  const sampled = async (maxTokens) => {
    const results = await Promise.all(
      parts(prompts).map((part, worker) =>
        model.generate({
          contexts: part.map((tokens, i) => ({
            tokens,
            branches: [{ length: tokens.length, seed: worker * rows + i }],
          })),
          maxTokens,
          temperature: 1,
          stop: [],
        }),
      ),
    );
    const lengths = results.flatMap(({ completions }) => completions.flat()).map((c) => c.tokens);
    return lengths.reduce((sum, { length }) => sum + length, 0);
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
    close: () => Promise.all([trainer.close(), model.close()]),
  };
}
