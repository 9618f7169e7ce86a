/** A server as the service of this one. */

import { listModels } from '../../model/openai/index.js';
import { type RefineOptions, usualSamples } from '../../refine/index.js';
import {
  type AnswerBudget,
  openUpstream,
  type UpstreamOptions,
  usualMaxTokens,
} from '../../upstream/index.js';
import { playgroundOf, type Service } from '../http/index.js';
import { refiningModel } from '../refine/index.js';
import { others, refiningChat, type Serving } from './chat.js';

export interface HostUpstreamOptions extends UpstreamOptions {
  readonly mode?: RefineOptions['mode'] | undefined;
  /** Solutions that vote. */
  readonly samples?: number | undefined;
  readonly threshold?: number | undefined;
  readonly tau?: number | undefined;
  /** Most that an answer may cost, unless a request says otherwise. */
  readonly answerBudget?: AnswerBudget | undefined;
  /** Questions to begin with in the pages; there are no pages without any. */
  readonly examples?: readonly string[];
}

/** @throws GloreError as `openUpstream` */
export async function hostUpstream(
  options: HostUpstreamOptions,
): Promise<Service & { readonly model: string }> {
  const upstream = await openUpstream(options);
  const { mode, samples, threshold, tau } = upstream.options;
  const serving: Serving = {
    upstream,
    maxTokens: options.maxTokens ?? usualMaxTokens,
    mode: options.mode ?? mode,
    samples: options.samples ?? samples ?? usualSamples,
    threshold: options.threshold ?? threshold,
    tau: options.tau ?? tau,
    budget: options.answerBudget ?? {},
  };
  const created = Math.floor(Date.now() / 1000);
  return {
    model: upstream.model,
    failed: () => false,
    async models() {
      const { models = [] } = await listModels(upstream.endpoint).catch(() => ({ models: [] }));
      return [refiningModel, ...models].map((id) => ({
        ...{ id, object: 'model', created, owned_by: id === refiningModel ? 'glore' : 'upstream' },
      }));
    },
    routes: [refiningChat(serving)],
    others: others(serving),
    ...(options.examples && {
      pages: {
        playground: playgroundOf(serving, { over: upstream.model, examples: options.examples }),
        runs: [],
      },
    }),
    close: () => upstream.close(),
  };
}
