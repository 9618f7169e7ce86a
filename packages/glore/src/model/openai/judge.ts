/** Reward models that write before they judge: what each says of a solution, or of one step after the other. */
import type { CriticItem } from '../types.js';
import { type Asking, complete, completeAs, type Message, neutralSampling } from './answers.js';
import type { Judge } from './cards.js';
import type { Reading } from './critic.js';
import type { Asked } from './kept.js';
import { type Read, readValue } from './labels.js';
import type { Capabilities } from './probe.js';
import { placed, stepsOf } from './spell.js';

export interface Judging {
  readonly card: Judge;
  readonly can: Partial<Capabilities>;
  readonly asking: Pick<Asking, 'model' | 'price' | 'tally'>;
  readonly before?: readonly Message[] | undefined;
}

/** A verdict, what was written before it, and the tokens of both. */
interface Verdict extends Read {
  readonly written: string;
  readonly tokens: number;
}

/** The value of each line. */
export async function judged(
  endpoint: Asked,
  { question, solution }: CriticItem,
  judging: Judging,
): Promise<Reading & { readonly whole: Read }> {
  const { card } = judging;
  const lines = stepsOf(card, solution);
  if (card.judges === 'step') return byTurns(endpoint, question, lines, judging);
  const user = placed(card.prompt, { question, steps: lines.join('\n') });
  const { value, mass, written, tokens } = await verdictOn(endpoint, judging, [], user, 1);
  const whole = { value, mass };
  return { lines: markedIn(written, lines.length, card, whole), whole, tokens };
}

/** Each step after the verdicts on those before it. */
async function byTurns(
  endpoint: Asked,
  question: string,
  lines: readonly string[],
  judging: Judging,
): Promise<Reading & { readonly whole: Read }> {
  const { card } = judging;
  const turns: Message[] = [];
  const found: Read[] = [];
  let tokens = 0;
  for (const [i, step] of lines.entries()) {
    const content = i === 0 ? placed(card.prompt, { question, step }) : step;
    const verdict = await verdictOn(endpoint, judging, turns, content, i + 1);
    const { value, mass, written } = verdict;
    found.push({ value, mass });
    tokens += verdict.tokens;
    const { positive = [''], negative = [''] } = card.ended ?? {};
    turns.push(
      { role: 'user', content },
      {
        role: 'assistant',
        content: written + card.closing + (value < 0.5 ? negative : positive)[0],
      },
    );
  }
  return { lines: found, whole: found.at(-1) ?? { value: 0, mass: 0 }, tokens };
}

/** It writes as much as it wants, and its next token after `closing` is read. */
async function verdictOn(
  endpoint: Asked,
  { card, can, asking, before = [] }: Judging,
  turns: readonly Message[],
  user: string,
  number: number,
): Promise<Verdict> {
  const begun = placed(card.begun, { number });
  const prompt = { system: card.system, before: [...before, ...turns], user };
  const extensions = can.extensions && { extensions: neutralSampling };
  const { choices } = await complete(endpoint, {
    ...asking,
    prompt: { ...prompt, begun },
    temperature: card.temperature,
    maxTokens: card.most,
    stop: card.until,
    ...(can.seed && { seed: 1 }),
    ...extensions,
  });
  const { text, tokens } = choices[0]!;
  const written = begun + text.trimEnd();
  const likeliest = can.logprobs || 5;
  return completeAs(
    endpoint,
    {
      ...asking,
      prompt: { ...prompt, begun: written + card.closing },
      temperature: 1,
      maxTokens: 1,
      likeliest,
      ...extensions,
    },
    ({ choices, promptTokens = 0 }) => ({
      ...readValue(choices[0]!.first, card.labels, likeliest),
      written,
      tokens: promptTokens + tokens,
    }),
  );
}

/**
 * The value of each line: the mark that it got in what was written, in their order, and the verdict on the whole, half each. Lines
 * after one that is marked wrong are so too, others without a mark have the verdict alone.
 */
export function markedIn(
  written: string,
  lines: number,
  { marks }: Pick<Judge, 'marks'>,
  whole: Read,
): Read[] {
  const all = [...(marks?.positive ?? []), ...(marks?.negative ?? [])];
  const found: boolean[] = [];
  for (let at = 0; at < written.length; ) {
    const mark = all.find((one) => written.startsWith(one, at));
    if (mark !== undefined) found.push(marks!.positive.includes(mark));
    at += mark?.length ?? 1;
  }
  return Array.from({ length: lines }, (_, i) => {
    const right = found[i] ?? (found.includes(false) ? false : undefined);
    if (right === undefined) return whole;
    return { value: ((right ? 1 : 0) + whole.value) / 2, mass: whole.mass };
  });
}
