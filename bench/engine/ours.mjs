/** The engine's side of the benchmark: units of training, sampling and scoring. */
import {
  adapterModules,
  distinctPositions,
  initialAdapter,
  Model,
  nextTokenExample,
  Trainer,
} from '@glore/engine';

/** Of all that sample here, a recipe's usual one. */
export const TEMPERATURE = 0.7;

/** An adapter as trainers/hf learns it. */
export const LORA = { rank: 16, alpha: 32, modules: adapterModules };

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
  const model = await Model.open(checkpoint, { workers, rows });
  const separately = await Model.open(checkpoint, { workers, rows, trees: false });
  const adapter = initialAdapter(checkpoint.config, LORA, 1);
  const kinds = {
    trees: () => Trainer.open(checkpoint, { workers }),
    separate: () => Trainer.open(checkpoint, { workers, trees: false }),
    lora: () => Trainer.open({ ...checkpoint, adapter }, { workers }),
  };
  /** One trainer at a time: a large model's state fills much of the memory. */
  let opened;
  const trainerOf = async (kind) => {
    if (opened?.kind !== kind) {
      await opened?.trainer.close();
      opened = undefined;
      opened = { kind, trainer: await kinds[kind]() };
    }
    return opened.trainer;
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
  const train = (kind) => async () => (await (await trainerOf(kind)).step(batch, 1e-3)).tokens;

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
  const trainOn = (kind) => async () => {
    const report = await (await trainerOf(kind)).step(family, 0);
    if (kind === 'trees') trees.computed = report.computed;
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
    trainTrees: trainOn('trees'),
    trainSeparate: trainOn('separate'),
    scoreTrees: scoreBy(model),
    scoreSeparate: scoreBy(separately),
  };

  // Memory is first touched in the first runs.
  await sampled(2);
  await score();
  return {
    train: train('trees'),
    lora: train('lora'),
    sample: () => sampled(more),
    score,
    ...onSamples,
    /** Of the training batch of samples: tokens, distinct positions and positions computed. */
    trees: () => ({ tokens: family.length * samples[0].length, ...trees }),
    /** Positions computed after the prompts, of those whose successor was drawn: samples have tokens in common. */
    computedOfSampled: () => computed / made,
    close: () => Promise.all([opened?.trainer, model, separately].map((one) => one?.close())),
  };
}
