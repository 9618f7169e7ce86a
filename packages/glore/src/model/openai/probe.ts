/**
 * What a server can do, found by asking it: names and versions say too little. Each test is one or a few requests of some
 * tokens; an adapter has those tested that it could use, the doctor has all.
 */
import { z } from 'zod';
import { type Asking, complete, modelList, neutralSampling, type Prompt } from './answers.js';
import type { Endpoint } from './endpoint.js';

export interface Capabilities {
  /** `/v1/completions` answers. */
  readonly completions: boolean;
  /** `/v1/chat/completions` answers. */
  readonly chat: boolean;
  /** Fields beyond OpenAI's are taken, so that the model's own sampling defaults can be switched off. */
  readonly extensions: boolean;
  /** A prompt may be token ids. */
  readonly tokenPrompts: boolean;
  /** Answers come as token ids too, if asked for. */
  readonly tokenIds: boolean;
  /** One request gives several choices. */
  readonly n: boolean;
  /** The same seed gives the same text, or most of it; another one another. */
  readonly seed: boolean;
  /** With how many of the likeliest tokens log-probabilities come; 0 if without any. */
  readonly logprobs: number;
  /** Log-probabilities of any tokens named by id. */
  readonly labelLogprobs: boolean;
  /** A begun answer is continued, not answered. */
  readonly continuation: boolean;
  /** The server says that a repeated prompt came from its cache; many keep one and do not say so. */
  readonly prefixCache: boolean;
  readonly tokenize: boolean;
  readonly pooling: boolean;
  readonly classify: boolean;
  readonly generativeScoring: boolean;
}
export type Capability = keyof Capabilities;

export const capabilities: readonly Capability[] = [
  'completions',
  'chat',
  'extensions',
  'tokenPrompts',
  'tokenIds',
  'n',
  'seed',
  'logprobs',
  'labelLogprobs',
  'continuation',
  'prefixCache',
  'tokenize',
  'pooling',
  'classify',
  'generativeScoring',
];

export interface ProbeOptions {
  readonly model: string;
  readonly api: 'completions' | 'chat';
  /** A text, and the codec's tokenizer if the server is thought to have it. */
  readonly text: string;
  readonly encode?: ((text: string) => readonly number[]) | undefined;
}

/** What any model goes on with in many ways, so that two texts are the same for no other reason than the seed. */
const openEnded = 'Twenty words in any order: a';

/** A test that fails by chance would be believed, so that a server with seeds, say, would be sampled without them. */
const ATTEMPTS = 4;

/** How many likeliest tokens are asked for: most servers give no more than the first, some no more than the second. */
const likeliest = [20, 5];

/** Tests what is wanted. A test that the server refuses is failed; @throws GloreError where there is no server at all */
export async function probe(
  endpoint: Endpoint,
  options: ProbeOptions,
  wanted: readonly Capability[],
): Promise<Partial<Capabilities>> {
  const tests = testsOf(endpoint, options);
  const found = await Promise.all(
    wanted.map(async (name) => {
      const test: () => Promise<boolean | number> = tests[name];
      return [name, await refusedIs(name === 'logprobs' ? 0 : false, test)] as const;
    }),
  );
  return Object.fromEntries(found);
}

/** The models that the server lists; undefined if it has no list. */
export async function listModels(endpoint: Endpoint): Promise<string[] | undefined> {
  const { status, value } = await endpoint.try('GET', 'models');
  const list = modelList.safeParse(value);
  return status < 300 && list.success ? list.data.data.map(({ id }) => id) : undefined;
}

/** The ids that the server's tokenizer makes of a text, as vLLM (`prompt`) or llama.cpp (`content`) is asked. */
export async function tokenize(
  endpoint: Endpoint,
  model: string,
  text: string,
): Promise<number[] | undefined> {
  const { status, value } = await endpoint.try('POST', '/tokenize', {
    model,
    prompt: text,
    content: text,
    add_special_tokens: false,
    add_special: false,
  });
  const found = z.object({ tokens: z.array(z.int()) }).safeParse(value);
  return status < 300 && found.success ? found.data.tokens : undefined;
}

function testsOf(
  endpoint: Endpoint,
  { model, api, text, encode }: ProbeOptions,
): { [Name in Capability]: () => Promise<Capabilities[Name]> } {
  const ids = encode?.(text);
  /** A server of the codec's ids is spoken to in ids. */
  const promptOf = (words: string): Prompt => {
    if (api === 'chat') return { user: words, begun: '' };
    return encode ? { ids: encode(words) } : { text: words };
  };
  const prompt = promptOf(text);
  const ask = (more: Partial<Asking>) =>
    complete(endpoint, {
      model,
      prompt,
      temperature: 0,
      maxTokens: 1,
      attempts: ATTEMPTS,
      ...more,
    });
  const works = (more: Partial<Asking>) => async () => {
    await ask(more);
    return true;
  };
  const there = (path: string, body: unknown) => async () =>
    (await endpoint.try('POST', path, body)).status < 300;
  return {
    completions: works({ prompt: ids ? { ids } : { text } }),
    chat: works({ prompt: { user: text, begun: '' } }),
    extensions: works({ extensions: neutralSampling }),
    async tokenPrompts() {
      const { promptTokens } = await ask({ prompt: { ids: ids ?? [1, 2, 3] } });
      // A server that reads the ids as text counts other tokens; one may add a first token of its own.
      const length = ids?.length ?? 3;
      return promptTokens === undefined || promptTokens === length || promptTokens === length + 1;
    },
    async tokenIds() {
      const { choices } = await ask({ extensions: { return_token_ids: true } });
      return choices[0]!.ids !== undefined;
    },
    n: works({ n: 2, temperature: 1, seed: 1 }),
    async seed() {
      const texts = await Promise.all(
        [1, 2, 3, 1, 2, 3].map(async (seed) => {
          const { choices } = await ask({
            prompt: promptOf(openEnded),
            seed,
            temperature: 2,
            maxTokens: 32,
          });
          return choices[0]!.text;
        }),
      );
      const mean = (pairs: readonly (readonly [number, number])[]) =>
        pairs.reduce((sum, [i, k]) => sum + shared(texts[i]!, texts[k]!), 0) / pairs.length;
      const [same, others] = [
        mean([
          [0, 3],
          [1, 4],
          [2, 5],
        ]),
        mean([
          [0, 1],
          [1, 2],
          [2, 0],
        ]),
      ];
      // Not all of it: requests that share a batch are rounded in another order, and at a near tie the texts part.
      return same >= 0.5 && same > 2 * others;
    },
    async logprobs() {
      for (const count of likeliest) {
        const size = await refusedIs(0, async () => {
          const { choices } = await ask({ likeliest: count });
          return choices[0]!.first.size;
        });
        if (size > 1) return count;
      }
      return 0;
    },
    async labelLogprobs() {
      // More than the likeliest and the one drawn come only where the ids are heeded.
      const ids = { logprob_token_ids: [3, 4, 5, 6] };
      const { choices } = await ask({ likeliest: 1, extensions: ids });
      return choices[0]!.first.size > 2;
    },
    async continuation() {
      const count = async (begun: string) => {
        const { promptTokens } = await ask({ prompt: { user: text, begun } });
        return promptTokens;
      };
      const [without, begun] = await Promise.all([count(''), count('A')]);
      // A turn that is ended and begun anew takes tokens of its own.
      return without !== undefined && begun !== undefined && begun - without <= 1;
    },
    async prefixCache() {
      // Long enough for caches that begin at a thousand tokens; less where the model reads no more.
      for (const times of [80, 12]) {
        const long = `${text}\n`.repeat(times);
        const again = promptOf(long);
        const cached = await refusedIs(0, async () => {
          await ask({ prompt: again });
          return (await ask({ prompt: again })).cachedTokens ?? 0;
        });
        if (cached > 0) return true;
      }
      return false;
    },
    tokenize: async () => (await tokenize(endpoint, model, text)) !== undefined,
    pooling: there('/pooling', { model, input: ids ?? text, task: 'token_classify' }),
    classify: there('/classify', { model, input: text }),
    generativeScoring: there('/generative_scoring', {
      model,
      query: text,
      items: [text],
      label_token_ids: [5, 6],
      apply_softmax: true,
    }),
  };
}

/** The part of two texts, from 0 to 1, that they begin with alike. */
function shared(a: string, b: string): number {
  const length = Math.max(a.length, b.length);
  let at = 0;
  while (at < length && a[at] === b[at]) at++;
  return length === 0 ? 1 : at / length;
}

/** A refusal or nonsense is a no; a server that is away is no answer. */
async function refusedIs<T>(no: T, test: () => Promise<T>): Promise<T> {
  try {
    return await test();
  } catch (error) {
    if (isRefusal(error)) return no;
    throw error;
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'endpoint-refused' || error.code === 'endpoint-answer');
