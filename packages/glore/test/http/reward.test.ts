/** Reward models of others: what they are sent, letter by letter, and what is made of what they say. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { Endpoint, type GivenReward, openServed } from '../../src/model/openai/index.js';
import { openUpstream } from '../../src/upstream/index.js';
import { type Asked, type RawAnswer, RawServer } from './raw.js';

const open: { stop?(): Promise<void>; close?(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await (one.stop?.() ?? one.close?.());
});

const question = 'Mia has 37 stamps. She buys 15 more. How many stamps does she have?';
const item = {
  question,
  solution: { steps: ['She has 37 + 15 = 52.', 'So 52.'], answer: '52' },
};
/** What Qwen's PRM reads of it. */
const asked3 = `[system]Please reason step by step, and put your final answer within \\boxed{}.[end][user]${question}[end][assistant]She has 37 + 15 = 52.<extra_0>So 52.<extra_0>The final answer is \\boxed{52}.<extra_0>`;
const boxed = 'Please reason step by step, and put your final answer within \\boxed{}.';

/** What the server's model says of a text: something between 0.1 and 0.9 that depends on all of it. */
const chanceOf = (text: string): number =>
  0.1 + (0.8 * createHash('sha256').update(text).digest().readUInt16BE()) / 65_536;

interface Says {
  /** Paths that are not there. */
  readonly without?: readonly string[];
  /** Outputs for each token, as a classifier has them; p(+) alone if left out. */
  readonly outputs?: 1 | 2;
  /** What of an answer is changed before it is sent. */
  readonly change?: (path: string, body: Answer) => unknown;
  /** What a judge writes before its verdict. */
  readonly writes?: string;
}
type Answer = Record<string, unknown>;
interface Chat {
  readonly role: string;
  readonly content: string;
}

/** A server as vLLM answers, whose tokens are letters, tags and marks, and whose chats are written in brackets. */
async function server({ without = [], outputs = 1, change, writes = 'hm' }: Says = {}) {
  const tokens: string[] = [];
  const idOf = (token: string): number => {
    if (!tokens.includes(token)) tokens.push(token);
    return tokens.indexOf(token) + 100;
  };
  const encode = (text: string) =>
    [...text.matchAll(/<[^<>\s]+>|ки|./gsu)].map(([token]) => idOf(token));
  const decode = (ids: readonly number[]) => ids.map((id) => tokens[id - 100]).join('');
  const written = (body: Asked['body']): string => {
    if (!body.messages) return String(body.prompt);
    const parts = (body.messages as Chat[]).map(({ role, content }) => `[${role}]${content}[end]`);
    const text = parts.join('');
    if (body.continue_final_message) return text.slice(0, -'[end]'.length);
    return body.add_generation_prompt === false ? text : `${text}[assistant]`;
  };
  const list = (text: string, by: (label: string) => string = (label) => label) => {
    const p = chanceOf(text);
    const chances = { '+': 0.9 * p, '-': 0.9 * (1 - p), Yes: 0.9 * p, No: 0.9 * (1 - p) };
    const labels = writes !== 'hm' && text.includes('{') ? ['Yes', 'No'] : ['+', '-'];
    return Object.fromEntries(
      [...labels, 'x'].map((label) => [
        by(label),
        Math.log(chances[label as keyof typeof chances] ?? 0.05),
      ]),
    );
  };
  const asIds = (label: string) => `token_id:${idOf(label)}`;
  const answer = ({ path, body }: Asked): Answer | undefined => {
    if (path === '/v1/models') return { object: 'list', data: [{ id: 'm' }] };
    if (path === '/tokenize') {
      const ids = encode(written(body));
      return { tokens: ids, count: ids.length, max_model_len: 4096 };
    }
    if (path === '/pooling') {
      const input = body.input as number[] | string;
      const ids = typeof input === 'string' ? encode(input) : input;
      const data = ids.map((_, i) => {
        const p = chanceOf(decode(ids.slice(0, i + 1)));
        return outputs === 1 ? [p] : [1 - p, p];
      });
      return { data: [{ index: 0, data }] };
    }
    if (path === '/classify') {
      const text = body.messages
        ? written({ ...body, add_generation_prompt: false })
        : String(body.input);
      const p = chanceOf(text);
      const probs = [body.use_activation === false ? Math.log(p / (1 - p)) : p];
      return { data: [{ index: 0, label: 'LABEL_0', probs, num_classes: 1 }] };
    }
    if (!path.endsWith('completions')) return undefined;
    const ids = Array.isArray(body.prompt) ? (body.prompt as number[]) : encode(written(body));
    const text = decode(ids);
    const by = body.return_tokens_as_token_ids ? asIds : undefined;
    const top = list(text, by);
    const chat = path.endsWith('chat/completions');
    const logprobs = chat
      ? {
          content: [
            { top_logprobs: Object.entries(top).map(([token, logprob]) => ({ token, logprob })) },
          ],
        }
      : { top_logprobs: [top] };
    const said = (body.max_tokens as number) > 1 ? writes : 'x';
    return {
      usage: { prompt_tokens: ids.length, completion_tokens: 1 },
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          ...(chat ? { message: { content: said } } : { text: said }),
          logprobs,
          ...(body.prompt_logprobs !== undefined && {
            prompt_logprobs: ids.map((id, i) => {
              if (i === 0) return null;
              const before = list(decode(ids.slice(0, i)), (label) => String(idOf(label)));
              const all = { [String(id)]: -20, ...before };
              return Object.fromEntries(
                Object.entries(all).map(([key, logprob]) => [key, { logprob, rank: 1 }]),
              );
            }),
          }),
        },
      ],
    };
  };
  const raw = await RawServer.start((asked): RawAnswer => {
    const found = without.includes(asked.path) ? undefined : answer(asked);
    if (found === undefined) return { status: 404, body: { error: { message: 'Not Found' } } };
    return { body: change?.(asked.path, found) ?? found };
  });
  open.push(raw);
  return raw;
}

async function valuesOf(
  raw: RawServer,
  reward: GivenReward | undefined,
  role: 'orm' | 'sorm' = 'sorm',
  model = 'm',
  scoring: 'logprobs' | 'prompt_logprobs' = 'logprobs',
): Promise<number[]> {
  const endpoint = new Endpoint({ name: 'test', url: raw.url, patience: 0 });
  open.push(endpoint);
  const served = { model, api: 'completions', spelling: 'text', scoring } as const;
  const opened = await openServed(
    endpoint,
    role,
    { ...served, positive: 1, reward },
    undefined as never,
  );
  const [found] = await opened.critic(undefined as never).value([item]);
  return found!.values;
}
/** The requests for values of the item, which come after those that test the server and before those that doubt it. */
const askedOf = (raw: RawServer, path: string) =>
  raw.asked.filter((asked) => asked.path === path && JSON.stringify(asked.body).includes('So 52'));
const close = (found: readonly number[], expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
};

describe('a reward model', () => {
  const noCompletions = ['/v1/completions', '/v1/chat/completions', '/classify'];

  it('of two classes is read at its tags, all steps by one request', async () => {
    const raw = await server({ without: noCompletions, outputs: 2 });
    const start = `[system]${boxed}[end][user]${question}[end][assistant]`;
    const texts = [
      `${start}She has 37 + 15 = 52.<extra_0>`,
      `${start}She has 37 + 15 = 52.<extra_0>So 52.<extra_0>`,
      `${start}She has 37 + 15 = 52.<extra_0>So 52.<extra_0>The final answer is \\boxed{52}.<extra_0>`,
    ];
    const values = texts.map(chanceOf);
    close(await valuesOf(raw, 'qwen2.5-math-prm'), values);
    // Its name says it.
    close(await valuesOf(raw, undefined, 'sorm', 'Qwen/Qwen2.5-Math-PRM-7B'), values);
    const [a, b, c] = values as [number, number, number];
    close(await valuesOf(raw, 'qwen2.5-math-prm', 'orm'), [a, a * b, a * b * c]);
    const pools = raw.asked.filter(
      ({ path, body }) => path === '/pooling' && Array.isArray(body.input),
    );
    // Of each opening: the item, and two answers of which one is wrong.
    expect(pools.length).toBe(9);
  });

  it('whose tag merges with what stands beside it is tokenised with a mark', async () => {
    const raw = await server({ without: noCompletions });
    const start = `<|im_start|>${question}\n`;
    close(await valuesOf(raw, 'skywork-o1-open-prm'), [
      chanceOf(`${start}She has 37 + 15 = 52.\n`),
      chanceOf(`${start}She has 37 + 15 = 52.\nSo 52.\n`),
      chanceOf(`${start}She has 37 + 15 = 52.\nSo 52.\nThe answer is 52\n`),
    ]);
  });

  const shepherd = [
    `${question} Step 1: She has 37 + 15 = 52. ки`,
    `${question} Step 1: She has 37 + 15 = 52. ки\nStep 2: So 52. ки`,
    `${question} Step 1: She has 37 + 15 = 52. ки\nStep 2: So 52. ки\nStep 3: The answer is: 52 ки`,
  ].map(chanceOf);

  it('of labels is read by one request where the server values every token', async () => {
    const raw = await server({ without: noCompletions });
    close(await valuesOf(raw, 'math-shepherd'), shepherd);
    close(await valuesOf(raw, 'math-shepherd', 'orm'), [
      shepherd[0]!,
      Math.min(...shepherd.slice(0, 2)),
      Math.min(...shepherd),
    ]);
  });

  it('of labels is read by one request where the server gives log-probabilities of the prompt', async () => {
    const raw = await server({ without: ['/pooling'] });
    close(await valuesOf(raw, 'math-shepherd', 'sorm', 'm', 'prompt_logprobs'), shepherd);
    expect(askedOf(raw, '/tokenize')).toHaveLength(1);
    const asked = raw.asked.filter(
      ({ body }) => body.prompt_logprobs !== undefined && body.max_tokens === 1,
    );
    expect(asked.length).toBeGreaterThan(2);
    expect(askedOf(raw, '/v1/completions')).toHaveLength(0);
  });

  it.each([
    ['of no prompt', (lists: Answer[]) => lists.map(() => null)],
    ['of another prompt', (lists: Answer[]) => lists.map((one) => one && { 1: { logprob: 0 } })],
    [
      'that are not those of the next token',
      (lists: Answer[]) =>
        lists.map(
          (one) => one && Object.fromEntries(Object.keys(one).map((id) => [id, { logprob: -3 }])),
        ),
    ],
  ])('of labels cannot be had by log-probabilities of the prompt %s', async (_, lie) => {
    const raw = await server({
      without: ['/pooling'],
      change: (path, body) => {
        if (path !== '/v1/completions') return body;
        const choices = (body.choices as Answer[]).map((one) =>
          one.prompt_logprobs
            ? { ...one, prompt_logprobs: lie(one.prompt_logprobs as Answer[]) }
            : one,
        );
        return { ...body, choices };
      },
    });
    await expect(valuesOf(raw, 'math-shepherd', 'sorm', 'm', 'prompt_logprobs')).rejects.toThrow(
      /promptLogprobs/,
    );
    // The next token is asked for as ever.
    close(await valuesOf(raw, 'math-shepherd'), shepherd);
    expect(askedOf(raw, '/v1/completions')).toHaveLength(2);
  });

  const turns = [
    `[user]${question} She has 37 + 15 = 52.[end][assistant]`,
    `[user]${question} She has 37 + 15 = 52.[end][assistant]+[end][user]So 52.[end][assistant]`,
    `[user]${question} She has 37 + 15 = 52.[end][assistant]+[end][user]So 52.[end][assistant]+[end][user]The answer is 52[end][assistant]`,
  ].map(chanceOf);

  it.each([
    ['by one pooled request', ['/v1/completions', '/v1/chat/completions']],
    ['by one request for the log-probabilities of the prompt', ['/pooling'], 'prompt_logprobs'],
    ['turn by turn', ['/pooling', '/tokenize']],
  ] as const)('that answers each step with a label is read %s', async (_, without, scoring?) => {
    const raw = await server({ without });
    close(await valuesOf(raw, 'rlhflow-prm', 'sorm', 'm', scoring), turns);
  });

  it('of one output values the whole, and a SORM each prefix', async () => {
    const raw = await server({ without: ['/v1/completions', '/v1/chat/completions', '/pooling'] });
    const text = (steps: string) => chanceOf(`[user]${question}[end][assistant]${steps}[end]`);
    const [first, second] = ['She has 37 + 15 = 52.', 'She has 37 + 15 = 52.\nSo 52.'];
    const whole = text(`${second}\nThe answer is 52`);
    close(await valuesOf(raw, 'classifier', 'orm'), [whole, whole, whole]);
    close(await valuesOf(raw, 'classifier', 'sorm'), [text(first!), text(second!), whole]);
    const asked = raw.asked.filter(({ path, body }) => path === '/classify' && body.messages);
    expect(asked.every(({ body }) => body.use_activation === false)).toBe(true);
  });

  it('that writes first is believed by its marks, and the whole by its verdict', async () => {
    const writes = 'Fine: \\boxed{correct}. But then \\boxed{incorrect} ';
    const raw = await server({ writes, without: ['/pooling'] });
    const found = await valuesOf(raw, 'thinkprm');
    const [asked] = askedOf(raw, '/v1/chat/completions');
    expect(asked!.body.messages).toEqual([
      {
        role: 'user',
        content: expect.stringContaining(
          'Step 1: She has 37 + 15 = 52.\nStep 2: So 52.\nStep 3: The answer is 52\n\nReview',
        ),
      },
      { role: 'assistant', content: "\nLet's verify step by step:" },
    ]);
    expect(asked!.body.stop).toEqual(['Is the solution correct?', '</think>']);
    const value = chanceOf(
      `[user]${(asked!.body.messages as Chat[])[0]!.content}[end][assistant]\nLet's verify step by step:${writes.trimEnd()}\nIs the solution correct?`,
    );
    close(found, [(1 + value) / 2, value / 2, value / 2]);
    close(await valuesOf(raw, 'thinkprm', 'orm'), [value, value, value]);
  });

  it('that judges one step after the other sees its own verdicts', async () => {
    const raw = await server({ writes: 'So {so}.', without: ['/pooling'] });
    const found = await valuesOf(raw, 'genprm');
    expect(found).toHaveLength(3);
    const last = askedOf(raw, '/v1/chat/completions').at(-1)!.body.messages as Chat[];
    const verdicts = last.filter(({ role }) => role === 'assistant').map(({ content }) => content);
    expect(verdicts[0]).toBe(
      `<analyze>\nLet's analyze the Paragraph 1 step by step: So {so}.</analyze>\n<output>\n**Judgement**: $\\boxed{${found[0]! < 0.5 ? 'No' : 'Yes'}}$\n</output>\n`,
    );
    expect(last[1]!.content).toBe(`Question: ${question}\n\nShe has 37 + 15 = 52.`);
    expect(last[3]!.content).toBe('So 52.');
  });

  it('of one’s own is read as it is described', async () => {
    const raw = await server({ without: noCompletions, outputs: 2 });
    const found = await valuesOf(raw, {
      ...{ form: 'text', reads: 'tags', prompt: 'Q: {question}\n', step: '{number}. {step}' },
      ...{ between: '', answer: 'A: {answer}', tag: '<step>', positive: 0, whole: 'last' },
    });
    close(found, [
      1 - chanceOf(`Q: ${question}\n1. She has 37 + 15 = 52.<step>`),
      1 - chanceOf(`Q: ${question}\n1. She has 37 + 15 = 52.<step>2. So 52.<step>`),
      1 - chanceOf(`Q: ${question}\n1. She has 37 + 15 = 52.<step>2. So 52.<step>3. A: 52<step>`),
    ]);
  });

  it('whose tag stands in the question too is read at the ends of its steps', async () => {
    const raw = await server({ without: noCompletions });
    const found = await valuesOf(raw, {
      ...{ form: 'text', reads: 'tags', prompt: '{question}', step: '{step}', between: '' },
      ...{ answer: 'A: {answer}', tag: 'ки', positive: 0, whole: 'last' },
    });
    close(found.slice(0, 1), [chanceOf(`${question}She has 37 + 15 = 52.ки`)]);
    const own = { ...item, question: 'кит?' };
    const endpoint = new Endpoint({ name: 'test', url: raw.url, patience: 0 });
    open.push(endpoint);
    const served = {
      model: 'm',
      api: 'completions',
      spelling: 'text',
      scoring: 'logprobs',
    } as const;
    const opened = await openServed(
      endpoint,
      'sorm',
      { ...served, positive: 1, reward: 'math-shepherd' },
      undefined as never,
    );
    const [values] = await opened.critic(undefined as never).value([own]);
    close(values!.values.slice(0, 2), [
      chanceOf('кит? Step 1: She has 37 + 15 = 52. ки'),
      chanceOf('кит? Step 1: She has 37 + 15 = 52. ки\nStep 2: So 52. ки'),
    ]);
  });
});

it('a reward model is the critic over any server, by its name', async () => {
  const writes = await server({ without: ['/pooling'] });
  const values = await server({
    without: ['/v1/completions', '/v1/chat/completions', '/classify'],
    outputs: 2,
  });
  const upstream = await openUpstream({
    url: writes.url,
    model: 'm',
    critic: { url: values.url, model: 'Qwen/Qwen2.5-Math-PRM-7B' },
  });
  open.push(upstream);
  const { roles, account } = upstream.turn({});
  const [[first, second, third]] = (await roles.sorm.values([item])) as [[number, number, number]];
  close([third], [chanceOf(asked3)]);
  close((await roles.orm.values([item]))[0]!, [first, first * second, first * second * third]);
  expect(account.costs).toMatchObject({ sorm: { promptTokens: expect.any(Number) } });
});

it('a critic in text of one’s own training is read at its tags by one pooled request', async () => {
  const raw = await server({ without: ['/v1/completions', '/v1/chat/completions'] });
  const endpoint = new Endpoint({ name: 'test', url: raw.url, patience: 0 });
  open.push(endpoint);
  const served = { model: 'm', api: 'completions', spelling: 'text', scoring: 'pooling' } as const;
  const opened = await openServed(endpoint, 'sorm', { ...served, positive: 1 }, undefined as never);
  const critic = opened.critic(undefined as never);
  const start = `${question}\n<|step|>`;
  const [first] = await critic.value([item]);
  close(first!.values, [
    chanceOf(`${start}She has 37 + 15 = 52.\n<|step|>`),
    chanceOf(`${start}She has 37 + 15 = 52.\n<|step|>So 52.\n<|step|>`),
    chanceOf(`${start}She has 37 + 15 = 52.\n<|step|>So 52.\n<|step|>#### 52<|step|>`),
  ]);
  expect(askedOf(raw, '/tokenize')).toHaveLength(1);
  // A step that holds the tag does not move the others.
  const odd = { steps: ['It is <|step|>.', 'So 52.'], answer: null };
  const [second] = await critic.value([{ question, solution: odd }]);
  close(second!.values, [
    chanceOf(`${start}It is <|step|>.\n<|step|>`),
    chanceOf(`${start}It is <|step|>.\n<|step|>So 52.\n<|step|>`),
  ]);
});

describe('what a reward model says', () => {
  const rows =
    (lie: (rows: number[][]) => unknown) =>
    (path: string, body: Answer): unknown =>
      path === '/pooling'
        ? { data: [{ index: 0, data: lie((body.data as { data: number[][] }[])[0]!.data) }] }
        : body;

  it.each([
    ['a row too few', (all: number[][]) => all.slice(1), 'rows where there are'],
    [
      'no distribution',
      (all: number[][]) => all.map(([, p]) => [p, p]),
      'a probability is expected',
    ],
    ['more than all', (all: number[][]) => all.map(([q]) => [q, 1.2]), 'a probability is expected'],
    [
      'less than nothing',
      (all: number[][]) => all.map(() => [1.5, -0.5]),
      'a probability is expected',
    ],
    ['no numbers', (all: number[][]) => all.map(() => [null, null]), 'data.0.data'],
    ['nothing', () => [], '0 rows'],
  ])('is refused where it is %s', async (_, lie, message) => {
    const raw = await server({ outputs: 2, change: rows(lie), without: ['/v1/chat/completions'] });
    await expect(valuesOf(raw, 'qwen2.5-math-prm')).rejects.toThrow(message);
  });

  it('may be the rows of the tags alone', async () => {
    const raw = await server({
      outputs: 2,
      change: rows((all) =>
        all.length > 220
          ? [
              [0.3, 0.7],
              [0.6, 0.4],
              [0.1, 0.9],
            ]
          : [[all.length / 1000, 1 - all.length / 1000]],
      ),
    });
    expect(await valuesOf(raw, 'qwen2.5-math-prm')).toEqual([0.7, 0.4, 0.9]);
  });

  it('is refused where it is the same of everything', async () => {
    const raw = await server({ outputs: 2, change: rows((all) => all.map(() => [0.4, 0.6])) });
    await expect(valuesOf(raw, 'qwen2.5-math-prm')).rejects.toMatchObject({
      code: 'values-constant',
    });
  });

  it('is refused where the labels are not what it wants to say', async () => {
    const raw = await server({
      without: ['/pooling', '/tokenize'],
      change: (path, body) =>
        path === '/v1/completions'
          ? {
              ...body,
              choices: (body.choices as Answer[]).map((one) => ({
                ...one,
                logprobs: { top_logprobs: [{ '+': -3, '-': -4, x: -0.1 }] },
              })),
            }
          : body,
    });
    await expect(valuesOf(raw, 'math-shepherd')).rejects.toThrow(/values-constant|labels|alike/);
  });

  it.each([
    ['qwen2.5-math-prm', ['/pooling'], /pooling/],
    ['qwen2.5-math-prm', ['/tokenize'], /tokenize/],
    ['classifier', ['/classify', '/pooling'], /pooling/],
    ['thinkprm', ['/v1/chat/completions'], /chat/],
  ] as const)('cannot be had of %s without %s', async (reward, without, message) => {
    await expect(valuesOf(await server({ without }), reward)).rejects.toThrow(message);
  });
});
