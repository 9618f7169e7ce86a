/** Roles played by served models: the same numbers and texts as here, whatever the server can do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCodec } from '../../src/codec/index.js';
import {
  type Answers,
  GlobalRefiner,
  type LanguageModel,
  LocalRefiner,
  openEmbedded,
  RewardModel,
  type RoleModel,
  Student,
} from '../../src/model/index.js';
import { Endpoint, openServed, type ServedRole } from '../../src/model/openai/index.js';
import { difficulty, generateProblems } from '../../src/problem/index.js';
import { base } from '../glore.js';
import { Server, type ServerOptions } from './server.js';

const tokenizer = openTokenizer(readFileSync(join(base, 'tokenizer.json'), 'utf8'));
const codec = createCodec(tokenizer);
const settings = { ...difficulty(0.5), steps: [2, 3] } as const;
const problems = generateProblems({ split: 'train', count: 2, seed: 4, settings });
const [first, second] = problems.map(({ question }) => question) as [string, string];
const solutions = problems.map(({ steps, answer }) => ({
  steps: steps.map((step) => step.replace(/<<.*>>/, '')),
  answer,
}));
const items = [first, second].map((question, i) => ({ question, solution: solutions[i]! }));
const rollouts = [
  {
    question: first,
    steps: solutions[0]!.steps,
    prefixes: [
      { length: 1, seeds: [1, 2, 3] },
      { length: 2, seeds: [4] },
      { length: 0, seeds: [] },
    ],
  },
];

const role: ServedRole = {
  model: 'base',
  api: 'completions',
  spelling: 'tokens',
  scoring: 'logprobs',
  positive: 1,
};
const maxTokens = 60;

const open: { stop?(): Promise<void>; close?(): Promise<void> }[] = [];
afterAll(async () => {
  for (const one of open.reverse()) await (one.stop?.() ?? one.close?.());
});
async function connect(options: ServerOptions = {}, name = 'test'): Promise<Endpoint> {
  const server = await Server.start({ models: { base }, tokenizer: base, ...options });
  const endpoint = new Endpoint({ name, url: server.url });
  open.push(server, endpoint);
  return endpoint;
}

let embedded: LanguageModel;
/** A server that can do everything. */
let able: Endpoint;
beforeAll(async () => {
  embedded = await openEmbedded(await loadCheckpoint(base), 1);
  open.push(embedded);
  able = await connect();
});

const served = (endpoint: Endpoint, name: 'student' | 'orm' | 'local', more: object = {}) =>
  openServed(endpoint, name, { ...role, ...more }, tokenizer);
const studentOf = (model: RoleModel) => new Student(model.author(codec), maxTokens);

describe('a served model of the codec', () => {
  it('writes what the embedded one writes, seed by seed', async () => {
    const model = await served(able, 'student');
    expect(model.can).toEqual({
      completions: true,
      tokenPrompts: true,
      extensions: true,
      tokenize: true,
      seed: true,
      n: true,
      tokenIds: true,
    });
    const there = studentOf(model);
    const here = studentOf(embedded);
    expect(await there.draft([first, second])).toEqual(await here.draft([first, second]));
    const samples = [{ question: second, seeds: [7, 8] }];
    expect(await there.sample(samples, 1)).toEqual(await here.sample(samples, 1));
    expect(await there.rollout(rollouts, 1)).toEqual(await here.rollout(rollouts, 1));
    expect(there.meter).toEqual(here.meter);
    const refined = [{ question: first, draft: solutions[0]!, location: 2 }];
    for (const Refiner of [GlobalRefiner, LocalRefiner]) {
      const [a, b] = [model, embedded].map((one) => new Refiner(one.author(codec), maxTokens));
      expect(await a!.refine(refined)).toEqual(await b!.refine(refined));
    }
  });

  it('is read from text where the server gives no ids', async () => {
    const model = await served(await connect({ ignores: ['return_token_ids'] }), 'student');
    expect(model.can.tokenIds).toBe(false);
    const there = await studentOf(model).rollout(rollouts, 1);
    expect(there).toEqual(await studentOf(embedded).rollout(rollouts, 1));
  });

  it('samples without seeds: in one request, or in several where there is no n', async () => {
    const several = await connect({ ignores: ['seed'] });
    const model = await served(several, 'student');
    expect(model.can).toMatchObject({ seed: false, n: true });
    const before = several.spent.requests;
    const [found] = await studentOf(model).sample([{ question: first, seeds: [1, 2, 3] }], 1);
    expect(found).toHaveLength(3);
    expect(several.spent.requests - before).toBe(1);

    const single = await connect({ ignores: ['seed', 'n'] });
    const other = await served(single, 'student');
    expect(other.can).toMatchObject({ seed: false, n: false });
    const then = single.spent.requests;
    const [each] = await studentOf(other).sample([{ question: first, seeds: [1, 2, 3] }], 2);
    expect(each).toHaveLength(3);
    expect(single.spent.requests - then).toBe(3);
  });

  it('is asked once for each sample where answers are kept, also without seeds', async () => {
    const values = new Map<string, unknown>();
    const answers: Answers = {
      async once<T>(name: string, ask: () => Promise<T>) {
        if (!values.has(name)) values.set(name, await ask());
        return values.get(name) as T;
      },
    };
    const endpoint = await connect({ ignores: ['seed', 'n'] });
    const model = await served(endpoint, 'student');
    const sample = (seeds: readonly number[]) =>
      studentOf(model.keeping!(answers)).sample([{ question: first, seeds }], 2);
    const before = endpoint.spent.requests;
    // Few enough could be alike by chance.
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
    const [found] = await sample(seeds);
    expect(new Set(found!.map((one) => JSON.stringify(one))).size).toBeGreaterThan(1);
    expect(await sample(seeds)).toEqual([found]);
    expect(endpoint.spent.requests - before).toBe(8);
    await sample([8, 9]);
    expect(endpoint.spent.requests - before).toBe(9);

    // The same request to another server is another one.
    const orms = await Promise.all([
      served(able, 'orm'),
      served(await connect({ models: { base: null } }, 'other'), 'orm'),
    ]);
    const [one, other] = await Promise.all(
      orms.map((model) => new RewardModel(model.keeping!(answers).critic(codec)).values(items)),
    );
    expect(one).not.toEqual(other);
  });

  it('keeps values by chunks of solutions, once they are found good', async () => {
    const values = new Map<string, unknown>();
    let failing: Error | undefined;
    const answers: Answers = {
      async once<T>(name: string, ask: () => Promise<T>) {
        if (!values.has(name)) {
          const value = await ask();
          if (failing && values.size > 0) throw failing;
          values.set(name, value);
        }
        return values.get(name) as T;
      },
    };
    const endpoint = await connect();
    const model = await served(endpoint, 'orm', { scoring: 'pooling' });
    const many = Array.from({ length: 40 }, (_, i) => ({
      question: first,
      solution: { steps: solutions[0]!.steps, answer: String(i) },
    }));
    const ask = () => new RewardModel(model.keeping!(answers).critic(codec)).values(many);
    const counted = async <T>(work: () => Promise<T>) => {
      const before = endpoint.spent.requests;
      const found = await work();
      return { found, requests: endpoint.spent.requests - before };
    };
    // A chunk is 16 solutions, and two more that show that the server reads.
    failing = new Error('killed');
    await expect(ask()).rejects.toThrow('killed');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(values.size).toBe(1);
    failing = undefined;
    const { found, requests } = await counted(ask);
    const [kept] = values.values() as Iterable<unknown[]>;
    expect(requests).toBe(40 - kept!.length + 2 * 2);
    expect(await counted(ask)).toEqual({ found, requests: 0 });
    expect(found).toEqual(await new RewardModel(model.critic(codec)).values(many));
    // What cannot be read any more is asked for again.
    values.set([...values.keys()][0]!, [{ lines: 'gone' }]);
    expect((await counted(ask)).requests).toBe(kept!.length + 2);
    expect((await ask()).flat()).toEqual(found.flat());
  });

  it('is sent no more than the server takes', async () => {
    const model = await served(
      await connect({ refuses: ['top_k', 'return_token_ids', 'stop_token_ids', '/tokenize'] }),
      'student',
    );
    expect(model.can).toMatchObject({ extensions: false, tokenIds: false, tokenize: false });
    expect(await studentOf(model).draft([first])).toEqual(await studentOf(embedded).draft([first]));
  });

  it.each([
    ['logprobs', {}],
    ['logprobs of the likeliest only', { ignores: ['logprob_token_ids'] }],
    ['logprobs by ids, special tokens without text', { ids: true, ignores: ['logprob_token_ids'] }],
    ['pooling', {}],
    ['classify', {}],
    ['generative_scoring', {}],
  ])('has the values of the embedded one, by %s', async (name, options) => {
    const alone: ServerOptions = options;
    const endpoint = alone.ignores ? await connect(alone) : able;
    const model = await served(endpoint, 'orm', { scoring: name.split(' ')[0] });
    if (name.startsWith('logprobs')) expect(model.can.labelLogprobs).toBe(endpoint === able);
    const there = new RewardModel(model.critic(codec));
    const here = new RewardModel(embedded.critic(codec));
    const [a, b] = await Promise.all([there.values(items), here.values(items)]);
    expect(a.map(({ length }) => length)).toEqual(b.map(({ length }) => length));
    for (const [i, value] of a.flat().entries()) expect(value).toBeCloseTo(b.flat()[i]!, 5);
    expect(there.meter).toEqual(here.meter);
    if (name.startsWith('logprobs')) expect(model.watch.coverage).toBeGreaterThan(0.5);
  });

  it.each(['logprobs', 'pooling', 'classify'] as const)(
    'is not believed where it says the same of everything, by %s',
    async (scoring) => {
      const model = await served(await connect({ deaf: true }), 'orm', { scoring });
      const orm = new RewardModel(model.critic(codec));
      await expect(orm.values(items)).rejects.toMatchObject({ code: 'values-constant' });
    },
  );

  it('is refused where something needed is missing', async () => {
    const refusing = async (options: ServerOptions, name: 'student' | 'orm', more: object) => {
      const endpoint = await connect({ models: { other: null }, ...options });
      return served(endpoint, name, { model: 'other', ...more });
    };
    await expect(refusing({ refuses: ['ids'] }, 'student', {})).rejects.toMatchObject({
      code: 'endpoint-lacks',
      message:
        'models.student: expected endpoint test to have for model other: completions, tokenPrompts, found that it has not (completions: status 400, prompt must be text; tokenPrompts: status 400, prompt must be text); glore doctor shows what it has',
    });
    await expect(refusing({ ignores: ['logprobs'] }, 'orm', {})).rejects.toThrow(/: logprobs, /);
    await expect(
      refusing({ refuses: ['/pooling'] }, 'orm', { scoring: 'pooling' }),
    ).rejects.toThrow(/: pooling, /);
    await expect(refusing({}, 'student', { model: 'base' })).rejects.toMatchObject({
      code: 'endpoint-model',
      message: expect.stringContaining('(other), found "base"'),
    });
    // Bytes instead of the codec's words.
    await expect(
      served(await connect({ models: { base: null }, tokenizer: '' }), 'student'),
    ).rejects.toMatchObject({ code: 'endpoint-tokenizer' });
  });
});

describe('a model with its own tokenizer', () => {
  const scripted: ServerOptions = { models: { scripted: null }, tokenizer: base };
  const text = { model: 'scripted', spelling: 'text' } as const;

  it.each(['completions', 'chat'] as const)('solves and continues by %s', async (api) => {
    const endpoint = await connect(scripted);
    const model = await served(endpoint, 'student', { ...text, api });
    // Its words are bytes in this tokenizer, and it is to come to its end.
    const student = new Student(model.author(codec), 200);
    const [samples] = await student.sample([{ question: first, seeds: [1, 2] }], 1);
    const [one, two] = samples!;
    expect(one!.steps.length).toBeGreaterThan(0);
    expect(one!.answer).toMatch(/^\d$/);
    expect(one).not.toEqual(two);
    expect(await student.sample([{ question: first, seeds: [1, 2] }], 1)).toEqual([[one, two]]);
    const [found] = await student.rollout(rollouts, 1);
    expect(found!.map(({ length }) => length)).toEqual([3, 1, 0]);
    // Another prefix is another prompt.
    expect(found![0]![0]).not.toEqual((await student.rollout(rollouts, 1))[0]![1]![0]);
    const { completionTokens } = endpoint.spent;
    expect(student.meter.generated).toBeLessThanOrEqual(completionTokens);
    expect(student.meter.generated).toBeGreaterThan(0);
  });

  it('refuses to continue where the server would answer instead', async () => {
    const endpoint = await connect({
      ...scripted,
      ignores: ['continue_final_message', 'add_generation_prompt'],
    });
    const student = studentOf(await served(endpoint, 'student', { ...text, api: 'chat' }));
    expect(await student.draft([first])).toHaveLength(1);
    await expect(student.rollout(rollouts, 1)).rejects.toMatchObject({ code: 'endpoint-lacks' });
  });

  it('refines and values by templates', async () => {
    const endpoint = await connect(scripted);
    for (const api of ['completions', 'chat'] as const) {
      const model = await served(endpoint, 'local', { ...text, api });
      const local = new LocalRefiner(model.author(codec), maxTokens);
      const [refined] = await local.refine([
        { question: first, draft: solutions[0]!, location: 2 },
      ]);
      expect(refined!.steps[0]).toBe(solutions[0]!.steps[0]);
      expect(refined!.steps[1]).not.toBe(solutions[0]!.steps[1]);
      // Line by line, as its own prompt says; what is built in for chat reads a solution whole.
      const own = api === 'chat' ? { template: { prompt: '{question}\n{lines}' } } : {};
      const critic = await served(endpoint, 'orm', { ...text, api, ...own });
      const orm = new RewardModel(critic.critic(codec));
      const values = await orm.values(items);
      expect(values.map(({ length }) => length)).toEqual(
        [3, 3].map((_, i) => solutions[i]!.steps.length + 1),
      );
      for (const value of values.flat()) expect(value > 0 && value < 1).toBe(true);
      expect(orm.meter.scored).toBeGreaterThan(0);
    }
  });

  it('refuses values that the labels do not cover', async () => {
    const model = await served(await connect(scripted), 'orm', {
      ...text,
      template: { labels: { positive: ['yes'], negative: ['no'] } },
    });
    await expect(new RewardModel(model.critic(codec)).values(items)).rejects.toMatchObject({
      code: 'labels-uncovered',
      message: expect.stringContaining(
        'found none of "yes", "no" among the 3 likeliest next tokens',
      ),
    });
  });
});
