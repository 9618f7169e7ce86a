/** A model that runs in this process, on the engine's worker threads. */
import {
  type Adapter,
  type Bits,
  type Checkpoint,
  type Drawn,
  distinctPositions,
  Model,
  type Provider,
} from '@glore/engine';
import { type GenerateTo, lineAuthor, tokenCritic } from './tokens.js';
import type {
  Follower,
  GenerateRequest,
  Generator,
  HearTokens,
  LanguageModel,
  ScoreRequest,
  Scorer,
} from './types.js';

/** Told of positions run through a model, and of those that cannot be spared: each beginning of a sequence once. */
export type CountPositions = (positions: {
  readonly needed: number;
  readonly computed: number;
}) => void;

export interface EmbeddedOptions {
  /** Where it is computed; the CPU if left out. */
  readonly provider?: Provider | undefined;
  /** Bits of the numbers that are multiplied; 32 if left out. */
  readonly bits?: Bits | undefined;
  readonly count?: CountPositions | undefined;
}

/** Opens a checkpoint for sampling and scoring. One call is one task of one worker: keep `workers` calls in flight. */
export async function openEmbedded(
  checkpoint: Checkpoint & { readonly adapter?: Adapter },
  workers: number,
  { provider, bits, count }: EmbeddedOptions = {},
): Promise<LanguageModel> {
  const model = await Model.open(checkpoint, { workers, provider, bits });
  const answering = onEngine(model, count);
  const opened: LanguageModel = {
    ...answering,
    author: (codec) => lineAuthor(answering, codec),
    critic: (codec) => tokenCritic(opened, codec),
    close: () => model.close(),
  };
  return opened;
}

/** What the pipeline asks of a model, answered by the engine, or by whatever takes its tasks. */
export function onEngine(
  engine: Pick<Model, 'generate' | 'score'>,
  count?: CountPositions,
): Generator & Scorer & Follower & { generate: GenerateTo } {
  const scores = async (items: readonly ScoreRequest[], labels: readonly number[] | 'next') => {
    const asked = items.filter(({ positions }) => positions.length > 0);
    const needed = count && distinctPositions(asked.map(({ tokens }) => tokens));
    return engine.score({ items, labels }, (computed) =>
      count?.({ needed: needed ?? 0, computed }),
    );
  };
  return {
    async generate(requests, { temperature, maxTokens, stop, hear }) {
      const { completions, prefilled, generated } = await engine.generate(
        {
          contexts: requests,
          temperature,
          maxTokens,
          stop: typeof stop === 'number' ? [stop] : stop,
        },
        hear && gathering(requests, hear),
      );
      const drawn = completions.map((branches) => branches.map(({ tokens }) => tokens));
      count?.({ needed: neededFor(requests, drawn), computed: prefilled + generated });
      return drawn;
    },
    async score(requests, { positive, negative }) {
      const found = await scores(requests, [positive, negative]);
      return found.map((positions) =>
        // The sigmoid of the difference of log-probabilities is p(+) / (p(+) + p(-)).
        positions.map(([plus, minus]) => 1 / (1 + Math.exp(minus! - plus!))),
      );
    },
    async follow(requests) {
      const found = await scores(requests, 'next');
      return found.map((positions) => positions.map(([logprob]) => logprob!));
    },
  };
}

/** Tells of the tokens so far of each branch, for which the engine counts over all requests. */
function gathering(
  requests: readonly GenerateRequest[],
  hear: HearTokens,
): (drawn: readonly Drawn[]) => void {
  const all = requests.flatMap(({ branches }, request) =>
    branches.map((_, branch) => ({ request, branch, tokens: [] as number[] })),
  );
  return (drawn) => {
    for (const { branch: number, token } of drawn) {
      const { request, branch, tokens } = all[number]!;
      tokens.push(token);
      hear(request, branch, tokens);
    }
  };
}

/** What is read before each token that was drawn. */
const neededFor = (requests: readonly GenerateRequest[], drawn: readonly number[][][]): number =>
  distinctPositions(
    requests.flatMap(({ tokens, branches }, i) =>
      branches.map(({ length }, k) => [...tokens.slice(0, length), ...drawn[i]![k]!.slice(0, -1)]),
    ),
  );
