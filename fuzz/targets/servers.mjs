/** What a server says: one on loopback that lies, asked by the real client. */
import { renderHealth } from '../../packages/glore/dist/cli/doctor.js';
import { screenOf } from '../../packages/glore/dist/cli/terminal.js';
import { examine } from '../../packages/glore/dist/doctor/index.js';
import { complete, completeAs } from '../../packages/glore/dist/model/openai/answers.js';
import { Endpoint } from '../../packages/glore/dist/model/openai/endpoint.js';
import { listModels, openServer, tokenize } from '../../packages/glore/dist/model/openai/index.js';
import { readValue } from '../../packages/glore/dist/model/openai/labels.js';
import { classified, pooled, scored } from '../../packages/glore/dist/model/openai/scores.js';
import { base } from '../folder.mjs';
import { key, liar } from '../liar.mjs';
import { checkShown, holds, outcomeOf, Violation } from '../outcome.mjs';
import { Random } from '../random.mjs';

const unit = (value) => typeof value === 'number' && value >= 0 && value <= 1;

/** What must hold of an answer that was taken. */
function checkAnswer({ choices, promptTokens, cachedTokens }, { n = 1, maxTokens }) {
  holds(choices.length === n, 'choices', () => `${choices.length} of ${n}`);
  for (const one of choices) {
    const fine =
      typeof one.text === 'string' &&
      one.text.length <= 1024 + 128 * maxTokens &&
      Number.isInteger(one.tokens) &&
      one.tokens >= 0 &&
      typeof one.finished === 'boolean' &&
      (one.ids === undefined || one.ids.every((id) => Number.isInteger(id) && id >= 0 && id < 357));
    holds(fine, 'choice', () => JSON.stringify(one).slice(0, 300));
  }
  const counts = [promptTokens, cachedTokens].filter((count) => count !== undefined);
  holds(
    counts.every((count) => Number.isSafeInteger(count) && count >= 0),
    'count',
    () => `${counts}`,
  );
}

const labels = { positive: ['+', ' +'], negative: ['-', ' -'] };
const prompts = [
  { text: 'How many?' },
  { ids: [1, 5, 6] },
  { system: 'x', user: 'How many?', begun: '' },
];

/** One question each. */
const asks = {
  async complete(endpoint, random) {
    const asking = {
      ...{
        model: 'm',
        prompt: random.of(prompts),
        temperature: 1,
        maxTokens: random.of([1, 16, 100]),
      },
      ...{ n: random.of([1, 1, 2, 4]), attempts: 1, probing: random.chance(0.2), vocabulary: 357 },
      ...(random.chance(0.3) && { extensions: { return_token_ids: true } }),
      price: { input: 1, output: 2 },
      ...(random.chance(0.4) && {
        hear: ({ text }) => holds(typeof text === 'string', 'heard', () => typeof text),
      }),
    };
    checkAnswer(await complete(endpoint, asking), asking);
  },
  async value(endpoint, random) {
    const asking = {
      model: 'm',
      prompt: random.of(prompts),
      temperature: 1,
      maxTokens: 1,
      likeliest: 5,
      attempts: 1,
    };
    const read = await completeAs(endpoint, asking, ({ choices }) =>
      readValue(choices[0].first, labels, 5),
    );
    holds(unit(read.value) && unit(read.mass), 'value', () => JSON.stringify(read));
  },
  async models(endpoint) {
    const { models = [] } = await listModels(endpoint);
    holds(
      models.every((id) => typeof id === 'string'),
      'shape',
      'models',
    );
  },
  async tokenize(endpoint) {
    const ids = await tokenize(endpoint, 'm', 'some text');
    holds(ids.every(Number.isInteger), 'shape', () => `${ids}`);
  },
  async classify(endpoint) {
    const value = await endpoint.post('/classify', { model: 'm', input: 'x' }, classified(1), {
      attempts: 1,
    });
    holds(unit(value), 'value', () => `${value}`);
  },
  async pooling(endpoint) {
    const values = await endpoint.post(
      '/pooling',
      { model: 'm', input: 'x' },
      pooled(4, [1, 3], 1),
      { attempts: 1 },
    );
    holds(values.length === 2 && values.every(unit), 'value', () => `${values}`);
  },
  async scoring(endpoint) {
    const body = { model: 'm', query: 'x', items: ['a', 'b', 'c'], label_token_ids: [1, 2] };
    const values = await endpoint.post('/generative_scoring', body, scored(3), { attempts: 1 });
    holds(values.length === 3 && values.every(unit), 'value', () => `${values}`);
  },
};

/** Nothing of the key may be shown, in any coding. */
function checkSecret(text) {
  const spellings = [
    key,
    encodeURIComponent(key),
    Buffer.from(key).toString('base64').slice(0, 16),
  ];
  const shown = spellings.find((one) => text.includes(one) || text.includes(key.slice(3, 12)));
  holds(shown === undefined, 'secret', () => `the key in ${JSON.stringify(text.slice(0, 300))}`);
}

async function asked(work) {
  try {
    await work();
    return 'answered';
  } catch (error) {
    const { finding, message, kind } = outcomeOf(error);
    if (finding) throw error instanceof Violation ? error : new Violation(finding, message);
    checkSecret(error.message);
    return kind;
  }
}

export const servers = {
  name: 'servers',
  about:
    'a server that lies, asked by the client: answers are whole and in range, errors have a code and no key in them',
  share: 4,
  weight: 0.15,
  limits: { compute: 3000, wait: 60_000 },
  async open() {
    const server = await liar();
    const names = Object.keys(asks);
    return {
      make: (random) => ({
        seed: String(random.whole(0, 2 ** 30)),
        way: random.of([
          'asks',
          'asks',
          'asks',
          'asks',
          'asks',
          'asks',
          'asks',
          'asks',
          'doctor',
          'open',
        ]),
        rate: random.of([0.1, 0.5, 0.95, 0.95]),
        api: random.of(['completions', 'chat']),
      }),
      async run({ seed, way, rate, api }) {
        server.lies(seed, way === 'asks' ? rate : rate / 5);
        const random = new Random(seed);
        const connection = { url: server.url, key, timeout: 0.2, patience: 0, parallel: 8 };
        if (way === 'doctor') {
          process.env.GLORE_FUZZ_KEY = key;
          const role = {
            endpoint: 'lying',
            model: 'm',
            api,
            spelling: 'text',
            scoring: 'logprobs',
            positive: 1,
          };
          const recipe = {
            base,
            endpoints: {
              lying: { url: server.url, key: 'GLORE_FUZZ_KEY', timeout: 0.2, parallel: 8 },
            },
            models: { student: role, orm: role },
          };
          const health = await examine(recipe, []);
          const text = JSON.stringify(health);
          checkSecret(text);
          checkShown(renderHealth(health, screenOf({})).replaceAll('\n', ' '), 'doctor');
          return health.ok ? 'doctor: well' : 'doctor: lacks';
        }
        if (way === 'open') {
          return asked(async () => {
            const { roles, close } = await openServer({
              ...connection,
              model: 'm',
              api,
              maxTokens: 32,
            });
            try {
              const drafts = await roles.student.sample(
                [{ question: 'How many?', seeds: [1, 2] }],
                1,
              );
              const items = drafts[0].map((solution) => ({ question: 'How many?', solution }));
              for (const values of await roles.orm.values(items)) {
                holds(values.every(unit), 'value', () => `${values}`);
              }
            } finally {
              await close();
            }
          });
        }
        const endpoint = new Endpoint({ ...connection, name: 'lying' });
        try {
          const kinds = await Promise.all(
            random.several(names, 4, 8).map((name) => asked(() => asks[name](endpoint, random))),
          );
          const { spent } = endpoint;
          const counts = Object.values(spent);
          holds(
            counts.every((count) => Number.isFinite(count) && count >= 0),
            'spent',
            () => JSON.stringify(spent),
          );
          return kinds;
        } finally {
          await endpoint.close();
          server.end();
        }
      },
    };
  },
};
