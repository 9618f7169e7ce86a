/** The recipe's sections of served models: their shape, what is wrong beyond it, and what of them results depend on. */
import { z } from 'zod';
import { nameShown } from '../files/index.js';
import { cardNames, cardOf, cardShape } from '../model/openai/index.js';

const amount = z.number().positive();
const whole = z.int().min(1);
const texts = z.array(z.string().min(1));

/** A name that is also the name of a file. */
export const plainName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error:
    'a name of at most 64 letters, digits, ".", "_" and "-", which begins with a letter or digit',
});

/** The files of endpoints stand beside one of another name. */
const endpointName = plainName.refine((name) => name !== 'coverage', {
  error: 'a name other than "coverage"',
});

const address =
  'an http or https URL without name, password, ? and #; name an environment variable as key instead';

export const endpoints = z.record(
  endpointName,
  z.strictObject({
    /** Where the OpenAI-compatible paths begin, "http://localhost:8000/v1". */
    url: z
      .url({ protocol: /^https?$/, error: address, abort: true })
      .refine((url) => !holdsMore(url), { error: address }),
    /** The environment variable that holds the key. */
    key: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
        error: 'the name of an environment variable that holds the key',
      })
      .optional(),
    /** Most requests in flight. */
    parallel: whole.max(65_536).optional(),
    /** Seconds that one request may take. */
    timeout: amount.optional(),
    /** Seconds for which the server is waited for when it is busy or away. */
    patience: z.number().min(0).optional(),
    budget: z
      .strictObject({
        requests: whole.optional(),
        tokens: whole.optional(),
        seconds: amount.optional(),
        money: amount.optional(),
      })
      .optional(),
  }),
);

/** Whether a URL has what an address has not, and a key may stand in: it would be kept in the run's folder. */
function holdsMore(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== '' || password !== '' || /[?#]/.test(url);
}

const served = z.strictObject({
  endpoint: z.string().min(1),
  model: z.string().min(1),
  api: z.enum(['completions', 'chat']).default('completions'),
  spelling: z.enum(['tokens', 'text']).default('text'),
  scoring: z
    .enum(['logprobs', 'prompt_logprobs', 'pooling', 'classify', 'generative_scoring'])
    .default('logprobs'),
  positive: z.int().min(0).default(1),
  template: z
    .strictObject({
      prompt: z.string().min(1),
      system: z.string().min(1),
      stop: texts.max(4),
      tag: z.string(),
      labels: z.strictObject({ positive: texts.min(1), negative: texts.min(1) }),
    })
    .partial()
    .optional(),
  /** Which published reward model it is, if its name does not say it; or how one of one's own is read. */
  reward: z
    .union([z.enum([...cardNames, 'none']), cardShape], {
      error: `a reward model's name (${cardNames.join(', ')}), none, or how one reads: form, reads, prompt, ..`,
    })
    .optional(),
  price: z.strictObject({ input: z.number().min(0), output: z.number().min(0) }).optional(),
});

export const models = z
  .strictObject({ student: served, orm: served, sorm: served, global: served, local: served })
  .partial();

export type Endpoints = z.infer<typeof endpoints>;
export type ServedModels = z.infer<typeof models>;

/** What is wrong with the models of a recipe beyond their shape: the key, what was expected, what was found. */
export function wrongModel({
  endpoints = {},
  models = {},
}: {
  endpoints?: Endpoints | undefined;
  models?: ServedModels | undefined;
}): { keys: string[]; expected: string; found: string } | undefined {
  for (const [role, model] of Object.entries(models)) {
    if (!model) continue;
    const { endpoint, api, spelling, scoring } = model;
    const keys = ['models', role];
    if (!Object.hasOwn(endpoints, endpoint)) {
      const known = Object.keys(endpoints).join(', ') || 'there are none';
      return {
        keys: [...keys, 'endpoint'],
        expected: `one of the endpoints of the recipe (${known})`,
        found: nameShown(endpoint),
      };
    }
    if (spelling === 'tokens' && api === 'chat') {
      return { keys: [...keys, 'spelling'], expected: 'text, which chat is in', found: '"tokens"' };
    }
    const isPlain = spelling === 'text' && cardOf(role, model) === undefined;
    if (isPlain && (scoring === 'generative_scoring' || scoring === 'prompt_logprobs')) {
      return {
        keys: [...keys, 'scoring'],
        expected: 'logprobs, pooling or classify, where the spelling is text',
        found: `"${scoring}"`,
      };
    }
    const { prompt = '{lines}', tag = '<|step|>' } = model.template ?? {};
    if (
      spelling === 'text' &&
      scoring === 'pooling' &&
      (api === 'chat' || tag === '' || !prompt.includes('{lines}'))
    ) {
      return {
        keys: [...keys, 'scoring'],
        expected:
          'logprobs or classify, where no tag follows the {lines} of a prompt of completions',
        found: '"pooling"',
      };
    }
    if (model.reward !== undefined && role !== 'orm' && role !== 'sorm') {
      return { keys: [...keys, 'reward'], expected: 'none: it writes', found: 'a reward model' };
    }
  }
  return undefined;
}

/** What results depend on: which model, and how it is spoken to. Where it is served, and at what price, may change. */
export function identityOf(models: ServedModels | undefined, role: string): unknown {
  const found = models?.[role as keyof ServedModels];
  if (!found) return undefined;
  const { endpoint: _, price: __, ...identity } = found;
  return identity;
}
