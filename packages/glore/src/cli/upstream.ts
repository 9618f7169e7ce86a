/** Options of commands that refine over any server. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { cardNames, type GivenReward, readKey } from '../model/openai/index.js';
import { type RefineOptions, usualSamples } from '../refine/index.js';
import { type AnswerBudget, type UpstreamOptions, usualMaxTokens } from '../upstream/index.js';
import { wholeNumber } from './options.js';

/** Options as they are read from the command line. */
export interface UpstreamFlags {
  readonly upstream?: string;
  readonly model?: string;
  readonly critic?: { readonly url?: string; readonly model?: string };
  readonly key?: string;
  readonly criticKey?: string;
  readonly reward?: GivenReward;
  readonly prompts?: string;
  readonly samples?: number;
  readonly maxTokens?: number;
  readonly budget?: AnswerBudget;
}

/** Those that say nothing without `--upstream`. */
const ofUpstream = [
  'model',
  'critic',
  'key',
  'criticKey',
  'reward',
  'prompts',
  'samples',
  'maxTokens',
  'budget',
];

export const modes: readonly RefineOptions['mode'][] = ['vote', 'gate', 'rerank'];

export function upstreamOptions(command: Command): Command {
  return command
    .option(
      '--upstream <url>',
      'refine over any OpenAI-compatible server, such as http://localhost:8000/v1; needs no run',
    )
    .option('--model <name>', 'with --upstream: its model (default: the first that it lists)')
    .addOption(
      new Option(
        '--critic <url#model>',
        'with --upstream: another model for ORM and SORM; #model alone is one of the same server',
      ).argParser(criticOf),
    )
    .option('--key <name>', "with --upstream: environment variable that holds that server's key")
    .option(
      '--critic-key <name>',
      "with --critic <url>: environment variable that holds its server's key",
    )
    .addOption(
      new Option(
        '--reward <name>',
        'with --critic: which published reward model it is, where its name does not say so; none asks it by prompt',
      ).choices([...cardNames, 'none']),
    )
    .option(
      '--prompts <folder>',
      'with --upstream: prompts in the place of those built in, see glore prompts',
    )
    .option(
      '--samples <n>',
      `with --upstream: solutions that vote, the draft among them (default: ${usualSamples})`,
      wholeNumber(1, 64),
    )
    .option(
      '--max-tokens <n>',
      `with --upstream: most tokens of a solution (default: ${usualMaxTokens})`,
      wholeNumber(1, 1e6),
    )
    .addOption(
      new Option(
        '--budget <n>',
        'with --upstream: most that an answer may cost: tokens written (4000), seconds (30s), or both (4000,30s)',
      ).argParser(budgetOf),
    );
}

/** Ends the command with an error where options of the upstream are given without it. */
export function checkUpstream(command: Command, { upstream }: UpstreamFlags): void {
  if (upstream !== undefined) return;
  const odd = command.options.find(
    (option) =>
      ofUpstream.includes(option.attributeName()) &&
      command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (odd) command.error(`error: option '${odd.flags}' is for a server; add --upstream <url>`);
}

/** What `openUpstream` takes. @throws GloreError `endpoint-key` */
export function upstreamOf(url: string, flags: UpstreamFlags): UpstreamOptions {
  const { model, critic, key, criticKey, reward, prompts, maxTokens } = flags;
  return {
    ...{ url, model, prompts, maxTokens },
    key: readKey('upstream', key, '--key'),
    critic: (critic || reward) && {
      ...critic,
      key: readKey('critic', criticKey, '--critic-key'),
      reward,
    },
  };
}

function criticOf(text: string): { url?: string; model?: string } {
  const at = text.indexOf('#');
  const [url, model] = at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  if (url === '' && model === '') {
    throw new InvalidArgumentError('expected URL#MODEL, URL or #MODEL, found nothing.');
  }
  return { ...(url !== '' && { url }), ...(model !== '' && { model }) };
}

function budgetOf(text: string): AnswerBudget {
  let budget: AnswerBudget = {};
  for (const part of text.split(',')) {
    const [, number, unit] = /^(\d+(?:\.\d+)?)(s?)$/.exec(part.trim()) ?? [];
    const value = Number(number);
    if (!(value > 0) || (unit === '' && !Number.isInteger(value))) {
      throw new InvalidArgumentError('expected tokens (4000), seconds (30s) or both (4000,30s).');
    }
    budget = { ...budget, ...(unit === 's' ? { seconds: value } : { tokens: value }) };
  }
  return budget;
}
