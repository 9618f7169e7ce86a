/** A model that runs in this process, on the engine's worker threads. */
import { type Checkpoint, Model, type Provider } from '@glore/engine';
import { type GenerateTo, lineAuthor, tokenCritic } from './tokens.js';
import type { Generator, LanguageModel, Scorer } from './types.js';

/** Opens a checkpoint for sampling and scoring. One call is one task of one worker: keep `workers` calls in flight. */
export async function openEmbedded(
  checkpoint: Checkpoint,
  workers: number,
  provider?: Provider,
): Promise<LanguageModel> {
  const model = await Model.open(checkpoint, { workers, provider });
  const opened: LanguageModel = {
    ...onEngine(model),
    author: (codec) => lineAuthor(onEngine(model), codec),
    critic: (codec) => tokenCritic(opened, codec),
    close: () => model.close(),
  };
  return opened;
}

/** What the pipeline asks of a model, answered by the engine, or by whatever takes its tasks. */
export function onEngine(
  engine: Pick<Model, 'generate' | 'score'>,
): Generator & Scorer & { generate: GenerateTo } {
  return {
    async generate(requests, { temperature, maxTokens, stop }) {
      const { completions } = await engine.generate({
        contexts: requests,
        temperature,
        maxTokens,
        stop: typeof stop === 'number' ? [stop] : stop,
      });
      return completions.map((branches) => branches.map(({ tokens }) => tokens));
    },
    async score(requests, { positive, negative }) {
      const scores = await engine.score({ items: requests, labels: [positive, negative] });
      return scores.map((positions) =>
        // The sigmoid of the difference of log-probabilities is p(+) / (p(+) + p(-)).
        positions.map(([plus, minus]) => 1 / (1 + Math.exp(minus! - plus!))),
      );
    },
  };
}
