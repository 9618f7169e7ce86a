/** The engine's side of the benchmark: units of training, sampling and scoring. */
import { initialWeights, Model, nextTokenExample, Trainer } from '@glore/engine';

/**
 * Opens a model for the three measurements. Each does one unit of work and gives the number of tokens in it:
 * a training step on a batch; sampling `sequence / 2` tokens after prompts as long; scoring whole sequences.
 */
export async function openOurs({ config, sequence, batch, rows, workers }) {
  const checkpoint = { config, weights: initialWeights(config, 1) };
  const trainer = await Trainer.open(checkpoint, { workers });
  const model = await Model.open(checkpoint, { workers, rows });
  const half = sequence / 2;
  const random = (length) =>
    Array.from({ length }, () => Math.floor(Math.random() * config.vocabSize));
  const examples = Array.from({ length: batch }, () => nextTokenExample(random(sequence), 1));
  const perWorker = (make) => Array.from({ length: workers }, (_, i) => make(i));

  const sampled = async (maxTokens) => {
    const results = await Promise.all(
      perWorker((worker) =>
        model.generate({
          contexts: Array.from({ length: rows }, (_, i) => ({
            tokens: random(half),
            branches: [{ length: half, seed: worker * rows + i }],
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
    const positions = Array.from({ length: sequence / 8 }, (_, i) => 8 * i + 7);
    await Promise.all(
      perWorker(() =>
        model.score({
          items: Array.from({ length: rows }, () => ({ tokens: random(sequence), positions })),
          labels: [1, 2],
        }),
      ),
    );
    return workers * rows * sequence;
  };
  const train = async () => (await trainer.step(examples, 1e-3)).tokens;

  // Sessions of the trainer are compiled at the first step; memory is first touched in the first runs.
  await train();
  await sampled(2);
  await score();
  return {
    train,
    sample: () => sampled(half),
    score,
    close: () => Promise.all([trainer.close(), model.close()]),
  };
}
