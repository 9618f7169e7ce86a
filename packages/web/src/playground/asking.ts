/** Asking the refining model, and what comes back piece by piece. */
import { createParser } from 'eventsource-parser';
import type { Decision } from '../../../glore/src/refine/decision.js';
import type { Costs } from '../../../glore/src/upstream/index.js';
import type { Failure } from '../../../glore/src/view/wire.js';
import { ApiFailure, ask } from '../api.js';
import type { Wanted } from './settings.js';
import type { Step } from './state.js';
import type { Settings, Trace } from './trace.js';

/** The field `glore` of the last chunk. */
interface Told extends Omit<Settings, 'budget'> {
  readonly budget: number | Settings['budget'] | null;
  /** With one round its decision, with more the list of each round's; for each choice, of which there is one. */
  readonly decisions: readonly [Decision | readonly Decision[]];
  readonly costs: Costs;
  readonly notes?: readonly string[];
}

type Chunk = Partial<Failure> & { readonly glore?: { readonly event: Step } | Told };

/** @throws ApiFailure; what the signal is aborted with */
export async function askGlore(
  question: string,
  wanted: Wanted,
  { signal, onStep }: { readonly signal: AbortSignal; readonly onStep: (step: Step) => void },
): Promise<Trace> {
  const response = await ask('v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    signal,
    body: JSON.stringify({
      model: 'glore',
      messages: [{ role: 'user', content: question }],
      stream: true,
      stream_options: { include_usage: true },
      glore: { ...wanted, lines: true },
    }),
  });
  let told: Told | undefined;
  let failure: ApiFailure | undefined;
  const read = readEvents(response, (data) => {
    if (data === '[DONE]') return;
    const { error, glore } = JSON.parse(data) as Chunk;
    if (error) failure = new ApiFailure(response.status, error.code ?? 'stream', error.message);
    else if (glore && 'event' in glore) onStep(glore.event);
    else if (glore) told = glore;
  });
  await read.catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new ApiFailure(0, 'away', 'The answer broke off. Is the server still running?');
  });
  if (failure) throw failure;
  if (!told) throw new ApiFailure(0, 'away', 'The answer ended before it was whole.');
  return traceOf(question, told);
}

async function readEvents(response: Response, onData: (data: string) => void): Promise<void> {
  const parser = createParser({ onEvent: ({ data }) => onData(data) });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parser.feed(part.value);
  }
}

function traceOf(question: string, { decisions, costs, notes = [], ...settings }: Told): Trace {
  const { mode, samples, choice, threshold, tau, rounds, budget } = settings;
  return {
    glore: 1,
    question,
    settings: {
      ...{ mode, samples, choice, threshold, tau, rounds },
      budget: typeof budget === 'number' ? { tokens: budget } : (budget ?? {}),
    },
    decisions: [decisions[0]].flat() as readonly Decision[],
    costs,
    notes,
  };
}
