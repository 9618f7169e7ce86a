/** The engine's side of the benchmark: units of training, sampling and scoring. */
import { distinctPositions, Model, nextTokenExample, Trainer } from '@glore/engine';

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

/** What is measured on the samples of problems, once as trees and once as separate sequences. */
export const treeUnits = ['trainTrees', 'trainSeparate', 'scoreTrees', 'scoreSeparate'];

/**
 * Opens a model for the measurements. Each does one unit of work and gives the number of tokens in it:
 * a training step on the examples; sampling `more` tokens after each prompt; scoring the texts; and training on and scoring
 * its own samples, as trees and separately.
 */
export async function openOurs({ checkpoint, examples, prompts, texts, more, rows, workers }) {
  const trainer = await Trainer.open(checkpoint, { workers });
  const model = await Model.open(checkpoint, { workers, rows });
  const separately = {
    trainer: await Trainer.open(checkpoint, { workers, trees: false }),
    model: await Model.open(checkpoint, { workers, rows, trees: false }),
  };
  const batch = examples.map((tokens) => nextTokenExample(tokens, 1));
  /** The sequences in equal parts, one for each worker. */
  const parts = (sequences) =>
    Array.from({ length: workers }, (_, i) => sequences.slice(i * rows, (i + 1) * rows));

  let computed = 0;
  let made = 0;
  const sample = async (maxTokens) => {
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
    return { results, completions: results.flatMap((result) => result.completions.flat()) };
  };
  const sampled = async (maxTokens) => {
    const { results, completions } = await sample(maxTokens);
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

  // Problems are whole in it: the batch has as many positions as that of separate windows, or one problem.
  const { completions } = await sample(more);
  const samples = prompts.map((prompt, i) => [...prompt, ...completions[i].tokens]);
  const each = prompts.lastIndexOf(prompts[0]) + 1;
  const positions = examples.length * examples[0].length;
  const problems = Math.max(1, Math.round(positions / each / samples[0].length));
  const family = samples
    .slice(0, problems * each)
    .map((tokens) => nextTokenExample(tokens, prompts[0].length));
  const trees = { computed: 0, distinct: distinctPositions(family.map(({ tokens }) => tokens)) };
  const trainOn = (side) => async () => {
    const report = await side.step(family, 0);
    if (side === trainer) trees.computed = report.computed;
    return report.tokens;
  };
  const items = samples.map((tokens) => ({
    tokens,
    positions: Array.from(
      { length: Math.ceil(more / 8) },
      (_, i) => prompts[0].length + Math.min(more - 1, 8 * i + 7),
    ),
  }));
  const scoreBy = (side) => async () => {
    await Promise.all(parts(items).map((part) => side.score({ items: part, labels: [1, 2] })));
    return samples.length * samples[0].length;
  };
  const onSamples = {
    trainTrees: trainOn(trainer),
    trainSeparate: trainOn(separately.trainer),
    scoreTrees: scoreBy(model),
    scoreSeparate: scoreBy(separately.model),
  };

  // Sessions of the trainer are compiled at the first step; memory is first touched in the first runs.
  await train();
  await sampled(2);
  await score();
  return {
    train,
    sample: () => sampled(more),
    score,
    ...onSamples,
    /** Of the training batch of samples: tokens, distinct positions and positions computed. */
    trees: () => ({ tokens: family.length * samples[0].length, ...trees }),
    /** Positions computed after the prompts, of those whose successor was drawn: samples have tokens in common. */
    computedOfSampled: () => computed / made,
    close: () =>
      Promise.all([trainer, model, separately.trainer, separately.model].map((one) => one.close())),
  };
}
