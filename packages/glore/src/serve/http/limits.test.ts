/** What one request may ask for: more is refused by name, before anything of it is computed. */
import { describe, expect, it } from 'vitest';
import {
  metricsOf,
  post,
  questions,
  refusal,
  serverOfFile,
  startForTest,
} from '../harness.testing.js';

const [first] = questions;

let batches = 0;
const shared = serverOfFile(() => batches++);

const user = [{ role: 'user', content: first }];
const student = { model: 'student', prompt: '<|bos|>' };

describe('a request that asks for too much', () => {
  const refused: [what: string, path: string, body: object, param: string, message: string][] = [
    [
      'choices, tokens and log-probabilities by the million',
      '/v1/completions',
      { ...student, n: 1024, logprobs: 1024, max_tokens: 100, ignore_eos: true },
      'n',
      'expected at most 32768 tokens and log-probabilities in an answer (1024 choices x 100 tokens x 358), found 36659200; ask for less in a request, or start the server with a larger --max-answer',
    ],
    [
      'log-probabilities',
      '/v1/completions',
      { ...student, n: 64, logprobs: 1024, max_tokens: 100 },
      'logprobs',
      'found 2291200',
    ],
    [
      'log-probabilities of labels',
      '/v1/completions',
      { ...student, n: 64, logprob_token_ids: Array(60).fill(5), max_tokens: 50 },
      'n',
      '(64 choices x 50 tokens x 61)',
    ],
    [
      'choices of prompts',
      '/v1/completions',
      { ...student, n: 100, prompt: Array(11).fill('<|bos|>'), max_tokens: 1 },
      'n',
      'expected at most 1024 choices of all prompts, found 1100',
    ],
    [
      'tokens in a stream',
      '/v1/completions',
      { ...student, n: 70, max_tokens: 1e9, stream: true },
      'max_tokens',
      '(70 choices x 512 tokens x 1)',
    ],
    [
      'log-probabilities in chat',
      '/v1/chat/completions',
      { model: 'student', messages: user, n: 2, logprobs: true, top_logprobs: 200 },
      'logprobs',
      '(2 choices x 160 tokens x 201)',
    ],
    [
      'refined answers',
      '/v1/chat/completions',
      { model: 'glore', messages: user, n: 100 },
      'max_tokens',
      '(100 choices x 480 tokens x 1)',
    ],
    [
      'rounds of refined answers',
      '/v1/completions',
      { model: 'glore', prompt: first, n: 7, glore: { rounds: 16 } },
      'max_tokens',
      '(7 choices x 5280 tokens x 1)',
    ],
    [
      'labels',
      '/generative_scoring',
      {
        model: 'orm',
        query: '',
        items: ['x'],
        label_token_ids: Array.from({ length: 125_000 }, (_, i) => i % 300),
      },
      'label_token_ids',
      'expected at most 1024 token ids, found 125000',
    ],
    [
      'labels of many items',
      '/generative_scoring',
      { model: 'orm', query: '', items: Array(400).fill('x'), label_token_ids: Array(99).fill(5) },
      'label_token_ids',
      'expected at most 32768 log-probabilities to compute (400 items x 99 labels), found 39600',
    ],
    [
      'items with a long query',
      '/generative_scoring',
      { model: 'orm', query: 'x'.repeat(400), items: Array(400).fill('x'), label_token_ids: [5] },
      'items',
      'expected at most 131072 characters or token ids to read, the query anew with each item, found 160400',
    ],
    [
      'text in a prompt',
      '/v1/completions',
      { ...student, prompt: 'Fay has 3 shells. '.repeat(10_000) },
      'prompt',
      'expected at most 131072 characters and list entries in a request, found ',
    ],
    [
      'text in a conversation',
      '/v1/chat/completions',
      { model: 'glore', messages: [{ role: 'user', content: 'x'.repeat(140_000) }] },
      'messages',
      'larger --max-text',
    ],
    ['token ids', '/pooling', { model: 'orm', input: Array(140_000).fill(5) }, 'the body', 'found'],
    [
      'text to tokenize',
      '/tokenize',
      { prompt: 'x'.repeat(140_000) },
      'prompt',
      'larger --max-text',
    ],
    ['lists in lists', '/tokenize', { prompt: Array(70_000).fill([]) }, 'the body', 'found 140001'],
  ];
  it.each(refused)('is refused: %s', async (_, path, body, param, message) => {
    const before = batches;
    const found = await refusal(await post(shared, path, body));
    expect(found).toEqual({
      status: 400,
      code:
        param === 'label_token_ids' && message.includes('token ids,')
          ? 'invalid_value'
          : 'limit_exceeded',
      param,
      message: expect.stringContaining(message),
    });
    expect(batches).toBe(before);
  });

  it('is answered where the server allows it', async () => {
    const body = { ...student, n: 3, max_tokens: 2, logprobs: 4, ignore_eos: true };
    const ask = async (maxAnswer: number) => {
      const server = await startForTest(shared.hosted, { maxAnswer });
      return (await post(server, '/v1/completions', body)).status;
    };
    expect([await ask(29), await ask(30)]).toEqual([400, 200]);
  });

  it('waits until there is room for all that it asks for', async () => {
    const server = await startForTest(shared.hosted, { parallel: 2, queue: 9 });
    const ask = (n: number) => post(server, '/v1/completions', { ...student, n, max_tokens: 64 });
    const all = [ask(1), ask(64), ask(1)];
    while (!(await metricsOf(server)).includes('glore_requests_waiting 2\n'));
    expect(await metricsOf(server)).toContain('glore_requests_running 1\n');
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('a prompt longer than the model reads', () => {
  const text = 'Fay has 3 shells. '.repeat(400).trim();
  const paths: [path: string, body: object, param: string][] = [
    ['/v1/completions', { model: 'student', prompt: ['x', text] }, 'prompt'],
    ['/v1/completions', { model: 'glore', prompt: text }, 'prompt'],
    [
      '/v1/chat/completions',
      { model: 'glore', messages: [{ role: 'user', content: text }] },
      'messages',
    ],
    [
      '/v1/chat/completions',
      { model: 'student', messages: [{ role: 'user', content: text }] },
      'messages',
    ],
    ['/pooling', { model: 'orm', input: [text] }, 'input'],
    [
      '/generative_scoring',
      { model: 'orm', query: text, items: ['x'], label_token_ids: [5] },
      'items',
    ],
  ];
  it.each(paths)('is refused by its characters on %s', async (path, body, param) => {
    expect(await refusal(await post(shared, path, body))).toEqual({
      status: 400,
      code: 'context_length_exceeded',
      param,
      message: `${param}: expected at most 512 tokens, none of which has more than 12 characters, found 7199 characters; shorten it`,
    });
  });

  it.each(paths)('is refused by its tokens on %s', async (path, body, param) => {
    const shorter = JSON.stringify(body).replace(text, 'x'.repeat(520));
    expect(await refusal(await post(shared, path, shorter))).toEqual({
      status: 400,
      code: 'context_length_exceeded',
      param,
      message: expect.stringMatching(
        `^${param}: a sequence has \\d+ tokens; the model takes at most 51`,
      ),
    });
  });
});

describe('nothing to read', () => {
  const nothing: [path: string, body: object, param: string, found: string][] = [
    ['/v1/completions', { model: 'student', prompt: '' }, 'prompt', 'an empty prompt'],
    ['/v1/completions', { model: 'student', prompt: [''] }, 'prompt', 'an empty prompt'],
    ['/v1/completions', { model: 'student', prompt: [[]] }, 'prompt', 'an empty prompt'],
    ['/v1/completions', { model: 'glore', prompt: ' <|bos|>\n' }, 'prompt', 'an empty prompt'],
    ['/pooling', { model: 'orm', input: [] }, 'input', 'an empty input'],
    [
      '/generative_scoring',
      { model: 'orm', query: '', items: ['x', ''], label_token_ids: [5] },
      'items',
      'an empty item',
    ],
  ];
  it.each(nothing)('is refused on %s: %j', async (path, body, param, found) => {
    expect(await refusal(await post(shared, path, body))).toEqual({
      status: 400,
      code: 'invalid_value',
      param,
      message: `${param}: expected text or token ids, found ${found}`,
    });
  });
});

describe('seeds', () => {
  const ask = async (body: object) => {
    const whole = { ...student, temperature: 2, max_tokens: 12, ignore_eos: true, ...body };
    const response = await post(shared, '/v1/completions', whole);
    const { choices } = (await response.json()) as { choices: { text: string }[] };
    return choices.map(({ text }) => text);
  };

  it.each([2 ** 53 - 2, -(2 ** 53 - 2), 2 ** 32 - 2, -3])(
    'count up exactly from %d',
    async (seed) => {
      const texts = await ask({ n: 6, seed });
      expect(new Set(texts).size).toBe(6);
      const low = Number(BigInt.asUintN(32, BigInt(seed)));
      const seeds = Array.from({ length: 6 }, (_, i) => low + i);
      expect(await ask({ n: 6, seeds })).toEqual(texts);
    },
  );

  it.each([
    ['seed', '9007199254740993'],
    ['seed', '1e300'],
    ['seed', '0.5'],
    ['seeds', '[-9007199254740993]'],
  ])('that JSON does not keep exact are refused: %s %s', async (name, value) => {
    const body = `{"model":"student","prompt":"x","${name}":${value}}`;
    const { message, ...found } = await refusal(await post(shared, '/v1/completions', body));
    expect(found).toEqual({
      status: 400,
      code: 'invalid_value',
      param: name === 'seeds' ? 'seeds.0' : name,
    });
    expect(message).toContain('expected a whole number from -(2^53 - 1) to 2^53 - 1');
  });
});

describe('what is misspelt or cannot be had', () => {
  const ask = (body: object) =>
    post(shared, '/v1/chat/completions', { model: 'glore', messages: user, ...body });

  it.each([
    ['modus', 'mode'],
    ['thresold', 'threshold'],
    ['round', 'rounds'],
    ['constructor', 'choice'],
    ['x'.repeat(50_000), 'mode'],
  ])('names the nearest key of the extension to %.20s', async (key, nearest) => {
    expect(await refusal(await ask({ glore: { mode: 'gate', [key]: 1 } }))).toEqual({
      status: 400,
      code: 'invalid_value',
      param: `glore.${key}`.slice(0, 46),
      message: expect.stringMatching(
        `^glore\\..*: expected one of the keys mode, samples, choice, threshold, tau, budget, rounds, lines, found this one; the nearest is ${nearest}$`,
      ),
    });
  });

  it.each([0, 17, 1.5])('bounds rounds: %d', async (rounds) => {
    expect(await refusal(await ask({ glore: { rounds } }))).toMatchObject({
      status: 400,
      param: 'glore.rounds',
    });
  });

  it.each([
    ['tool_choice', 'required'],
    ['tool_choice', { type: 'function', function: { name: 'f' } }],
    ['function_call', { name: 'f' }],
  ])('refuses a call that has to be made: %s', async (name, value) => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    for (const model of ['glore', 'student']) {
      expect(await refusal(await ask({ model, tools, [name]: value }))).toEqual({
        status: 400,
        code: 'invalid_value',
        param: name,
        message: `${name}: expected "auto", "none" or nothing: the embedded models write text and call no tools`,
      });
    }
    const may = await ask({ tools, tool_choice: 'auto', function_call: 'none', max_tokens: 4 });
    expect(may.status).toBe(200);
  });
});
