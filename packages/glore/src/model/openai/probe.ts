/**
 * What a server can do, found by asking it: names and versions say too little. Each test is one or a few requests of some
 * tokens; an adapter has those tested that it could use, the doctor has all.
 */
import { type Asking, complete, completeAs, neutralSampling, type Prompt } from './answers.js';
import type { Body } from './dialect.js';
import { type Endpoint, EndpointError } from './endpoint.js';
import { known, likely } from './labels.js';
import { promptBody, promptBytes, promptLists } from './prompt-logprobs.js';
import { modelList, rawScore, tokenized } from './scores.js';

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
  /** Whether the server says that a repeated prompt came from its cache; null where it says nothing of caches. */
  readonly prefixCache: boolean | null;
  readonly tokenize: boolean;
  readonly pooling: boolean;
  readonly classify: boolean;
  /** A classifier's outputs come without their activation, if asked for. */
  readonly rawScores: boolean;
  readonly generativeScoring: boolean;
  /** Log-probabilities of a prompt's own tokens, the same as those of the next token. */
  readonly promptLogprobs: boolean;
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
  'rawScores',
  'generativeScoring',
  'promptLogprobs',
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

/**
 * What vLLM is asked for alone. By tokens named by their ids it cuts the lists of all others in the batch short; where it has
 * LoRA adapters, log-probabilities of a prompt beside another request end it.
 */
const apart: readonly Capability[] = ['labelLogprobs', 'generativeScoring', 'promptLogprobs'];

/** What a server can do, and why it cannot do the rest, where it says so. */
export interface Probed {
  readonly can: Partial<Capabilities>;
  readonly why: Readonly<Partial<Record<Capability, string>>>;
}

/**
 * Tests what is wanted. A test that the server refuses is failed.
 *
 * @throws EndpointError where the server is away, or would refuse whatever it is asked: key, money, model
 */
export async function probe(
  endpoint: Endpoint,
  options: ProbeOptions,
  wanted: readonly Capability[],
): Promise<Probed> {
  const { api } = options;
  const tests = testsOf(endpoint, options);
  // Alone and first, since what it is refused for may go for everything.
  const asks = wanted.includes(api) ? await tried(false, tests[api], undefined, true) : undefined;
  const alive = asks?.found ? tests[api] : () => endpoint.probe('GET', 'models');
  const tell = async (name: Capability) => {
    const test: () => Promise<boolean | number | null> = tests[name];
    const no = name === 'logprobs' ? 0 : false;
    return [name, name === api ? asks! : await tried(no, test, alive)] as const;
  };
  const found = await Promise.all(wanted.filter((name) => !apart.includes(name)).map(tell));
  for (const name of apart) if (wanted.includes(name)) found.push(await tell(name));
  return {
    can: Object.fromEntries(found.map(([name, { found }]) => [name, found])),
    why: Object.fromEntries(found.flatMap(([name, { why }]) => (why ? [[name, why]] : []))),
  };
}

/** The models that the server lists; why it has no list. @throws EndpointError where the server is away or wants a key */
export async function listModels(
  endpoint: Endpoint,
): Promise<{ readonly models?: string[]; readonly why?: string }> {
  try {
    const list = modelList.safeParse(await endpoint.probe('GET', 'models'));
    return list.success ? { models: list.data.data.map(({ id }) => id) } : {};
  } catch (error) {
    if (!isNo(error) || error.status === 401) throw error;
    return { why: error.found };
  }
}

/** The ids that the server's tokenizer makes of a text, as vLLM (`prompt`) or llama.cpp (`content`) is asked. */
export async function tokenize(endpoint: Endpoint, model: string, text: string): Promise<number[]> {
  const found = await endpoint.probe('POST', '/tokenize', {
    model,
    prompt: text,
    content: text,
    add_special_tokens: false,
    add_special: false,
  });
  return tokenized.safeParse(found).data?.tokens ?? [];
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
  const asking = { model, prompt, temperature: 0, maxTokens: 1, attempts: ATTEMPTS, probing: true };
  const ask = (more: Partial<Asking>) => complete(endpoint, { ...asking, ...more });
  const listed = (more: Partial<Asking>) =>
    completeAs(endpoint, { ...asking, ...more }, ({ choices }) => likely(choices[0]!.first));
  const works = (more: Partial<Asking>) => async () => {
    await ask(more);
    return true;
  };
  const there = (path: string, body: Body) => async () => {
    await endpoint.probe('POST', path, body);
    return true;
  };
  return {
    // Whether a server fails or cannot is told by the API that is to be used, which is waited for.
    completions: works({ prompt: ids ? { ids } : { text }, probing: api !== 'completions' }),
    chat: works({ prompt: { user: text, begun: '' }, probing: api !== 'chat' }),
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
        try {
          const size = known(await listed({ likeliest: count }));
          if (size > 1) return Math.min(count, size);
        } catch (error) {
          if (!isNo(error) || count === likeliest.at(-1)) throw error;
        }
      }
      return 0;
    },
    async labelLogprobs() {
      // More than the likeliest and the one drawn come only where the ids are heeded.
      const ids = { logprob_token_ids: [3, 4, 5, 6] };
      return known(await listed({ likeliest: 1, extensions: ids })) > 2;
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
      let said = false;
      // Long enough for caches that begin at a thousand tokens; less where the model reads no more.
      for (const times of [80, 12]) {
        const long = `${text}\n`.repeat(times);
        const again = promptOf(long);
        const { found } = await tried(undefined, async () => {
          await ask({ prompt: again });
          return (await ask({ prompt: again })).cachedTokens;
        });
        if (found) return true;
        said ||= found !== undefined;
      }
      return said ? false : null;
    },
    tokenize: async () => (await tokenize(endpoint, model, text)).length > 0,
    async promptLogprobs() {
      const tokens = ids ?? (await tokenize(endpoint, model, text));
      const half = tokens.length >> 1;
      if (half < 1) return false;
      const lists = async () =>
        endpoint.post('completions', promptBody(model, tokens, 5), promptLists(tokens, 5), {
          attempts: ATTEMPTS,
          probing: true,
          most: promptBytes(tokens, 5),
        });
      const next = await listed({
        prompt: { ids: tokens.slice(0, half) },
        likeliest: 5,
        extensions: { return_tokens_as_token_ids: true },
      });
      // Twice, since some servers have given what they had kept of another prompt.
      const both = [await lists(), await lists()].map((found) => likely(found[half]!));
      return both.every((found) =>
        [...next].every(([token, logprob]) => {
          const there = found.get(token);
          const chance = Math.exp(logprob);
          return there === undefined ? chance < 0.2 : Math.abs(Math.exp(there) - chance) < 0.01;
        }),
      );
    },
    pooling: there('/pooling', { model, input: ids ?? text, task: 'token_classify' }),
    classify: there('/classify', { model, input: text }),
    async rawScores() {
      const scores = async (use_activation: boolean) =>
        Promise.all(
          [text, openEnded].map((input) =>
            endpoint.post('/classify', { model, input, use_activation }, rawScore, {
              probing: true,
            }),
          ),
        );
      const [raw, active] = await Promise.all([scores(false), scores(true)]);
      return raw.some((score, i) => score !== active[i] || score < 0 || score > 1);
    },
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

/**
 * What a test found, or that it was refused, and why. A failure of the server's is its way of saying no only where it is
 * alive: `alive` waits for that, and the test is made once more.
 */
async function tried<T>(
  no: T,
  test: () => Promise<T>,
  alive?: () => Promise<unknown>,
  first = false,
): Promise<{ readonly found: T; readonly why?: string }> {
  try {
    return { found: await test() };
  } catch (error) {
    if (!isNo(error) || error.fate === 'money') throw error;
    if (first && error.fate !== 'refused' && error.fate !== 'failed') throw error;
    if (!alive || error.status === undefined || error.status < 500) {
      return { found: no, why: error.found };
    }
    await tried(undefined, alive);
    return tried(no, test);
  }
}

/** A refusal or nonsense is a no; a server that is away is no answer. */
const isNo = (error: unknown): error is EndpointError =>
  error instanceof EndpointError && error.fate !== 'away';
