/** What requests want read, as sequences of tokens that a model takes. */
import { setImmediate as others } from 'node:timers/promises';
import type { Hosted, HostedRole } from '../batch/index.js';
import { invalid } from '../protocol/index.js';
import { checkSequence } from './roles.js';
import { readPrompt } from './text.js';

export type Input = string | readonly number[];

/** Milliseconds for which texts are read before other requests have their turn. */
const turn = 10;

/** Texts as ids, ids as they are. @throws the signal's reason */
export async function readInputs(
  { tokenizer }: Hosted,
  inputs: readonly Input[],
  signal: AbortSignal,
): Promise<(readonly number[])[]> {
  const sequences: (readonly number[])[] = [];
  let began = performance.now();
  for (const input of inputs) {
    if (performance.now() - began > turn) {
      await others();
      signal.throwIfAborted();
      began = performance.now();
    }
    sequences.push(typeof input === 'string' ? readPrompt(tokenizer, input) : input);
  }
  return sequences;
}

/** A request's prompts, each with room for one more token. @throws ApiError, which names the field `param` */
export async function readPrompts(
  hosted: Hosted,
  role: HostedRole,
  inputs: readonly Input[],
  { param, signal }: { readonly param: string; readonly signal: AbortSignal },
): Promise<(readonly number[])[]> {
  checkTexts(hosted, role.batcher.config, inputs, param);
  const prompts = await readInputs(hosted, inputs, signal);
  for (const prompt of prompts) {
    checkSequence(role, prompt, { param, most: role.batcher.config.maxPositions - 1 });
  }
  return prompts;
}

/** Refuses by its characters a text that is longer than the model reads. @throws ApiError `context_length_exceeded` */
export function checkTexts(
  { longestToken }: Pick<Hosted, 'longestToken'>,
  { maxPositions }: Pick<Hosted['reads'], 'maxPositions'>,
  inputs: readonly Input[],
  param: string,
): void {
  const most = maxPositions * longestToken;
  for (const input of inputs) {
    // Tokenizers may compose characters, which makes them fewer.
    if (typeof input !== 'string' || input.length <= most) continue;
    if (input.normalize('NFC').length <= most) continue;
    throw invalid(
      `${param}: expected at most ${maxPositions} tokens, none of which has more than ${longestToken} characters, found ${input.length} characters; shorten it`,
      'context_length_exceeded',
      param,
    );
  }
}
