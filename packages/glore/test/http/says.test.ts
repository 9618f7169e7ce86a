/** What servers say around their completions: reasons, counts, shapes, packings, and when to come again. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { complete } from '../../src/model/openai/answers.js';
import { Endpoint, type EndpointOptions, openServer } from '../../src/model/openai/index.js';
import { type Answering, completion, type RawAnswer, RawServer } from './raw.js';

const open: { stop?(): Promise<void>; close?(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await (one.stop?.() ?? one.close?.());
});

async function serve(answering: Answering): Promise<RawServer> {
  const server = await RawServer.start(answering);
  open.push(server);
  return server;
}

function connect({ url }: { readonly url: string }, more: Partial<EndpointOptions> = {}): Endpoint {
  const endpoint = new Endpoint({ name: 'test', url, ...more });
  open.push(endpoint);
  return endpoint;
}

const chat = { model: 'm', prompt: { user: 'Q', begun: '' }, temperature: 0, maxTokens: 20 };
const plain = { ...chat, prompt: { text: 'Q' } };
const answers =
  (body: unknown): Answering =>
  () => ({ body });
const refuses = (status: number, body: unknown): RawAnswer => ({ status, body });

describe('a choice is understood', () => {
  it.each([
    ['eos', true],
    ['EOS_TOKEN', true],
    ['stop_sequence', true],
    ['end_turn', true],
    [null, true],
    ['', true],
    [undefined, true],
    ['length', false],
    ['max_tokens', false],
    ['MAX_TOKENS', false],
    [' length ', false],
    ['max_new_tokens', false],
    ['token_limit_reached', false],
    ['tool_calls', false],
  ])('that ended with %s', async (finish_reason, finished) => {
    const server = await serve(({ path }) => completion(path, '#### 5', { finish_reason }));
    for (const asking of [chat, plain]) {
      const { choices } = await complete(connect(server), asking);
      expect(choices).toMatchObject([{ text: '#### 5', finished }]);
    }
  });

  it('that says nothing of its end, and came to the limit', async () => {
    const ids = Array(20).fill(7);
    const more = { finish_reason: null, token_ids: ids };
    const server = await serve(({ path }) => completion(path, 'a b', more));
    expect((await complete(connect(server), plain)).choices[0]).toMatchObject({
      finished: false,
      tokens: 20,
    });
  });

  it.each(['abort', 'error', 'cancelled'])('as none where it ended with %s', async (reason) => {
    const server = await serve(({ path, turn }) =>
      completion(path, `${turn}`, { finish_reason: turn === 0 ? reason : 'stop' }),
    );
    expect((await complete(connect(server), chat)).choices[0]!.text).toBe('1');
  });

  it.each([
    [
      [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }, 'So ', { text: '5' }],
      'So 5',
    ],
    [
      [
        { type: 'text', text: '#### ' },
        { type: 'text', text: '5' },
      ],
      '#### 5',
    ],
    [null, ''],
  ])('in parts: %j', async (content, text) => {
    const server = await serve(({ path }) => completion(path, content));
    expect((await complete(connect(server), chat)).choices[0]!.text).toBe(text);
  });

  it('whose index is text, and several in their order', async () => {
    const choice = (index: unknown) => ({ index, text: `choice ${index}`, finish_reason: 'stop' });
    const server = await serve(answers({ choices: [choice('1'), choice('0')] }));
    const { choices } = await complete(connect(server), { ...plain, n: 2 });
    expect(choices.map(({ text }) => text)).toEqual(['choice 0', 'choice 1']);
    const twice = await serve(answers({ choices: [choice(1), choice(2)] }));
    await expect(complete(connect(twice), { ...plain, n: 2, attempts: 1 })).rejects.toThrow(
      /found indices 1, 2, without 0 in /,
    );
  });

  it.each([
    [{ token_ids: Array(21).fill(7) }, {}, /found 21 tokens where at most 20 tokens were/],
    [
      { token_ids: [1, 99] },
      { vocabulary: 50 },
      /found token 99, which the codec's tokenizer of 50/,
    ],
    [
      { text: 'x'.repeat(5000) },
      {},
      /found 5000 characters where at most 20 tokens were asked for/,
    ],
  ])('as none where it is more than was asked for: %#', async (more, bounds, message) => {
    const server = await serve(({ path }) => completion(path, 'x', more));
    const asked = complete(connect(server), { ...plain, ...bounds, attempts: 1 });
    await expect(asked).rejects.toThrow(message);
  });
});

describe('counts', () => {
  it.each([
    [{}, 0, 3],
    [undefined, 0, 3],
    ['many', 0, 3],
    [{ prompt_tokens: null, completion_tokens: null }, 0, 3],
    [{ total_tokens: 9 }, 0, 3],
    [{ prompt_tokens: '5', completion_tokens: '4' }, 5, 4],
    [{ input_tokens: 5, output_tokens: 4 }, 5, 4],
    [{ prompt_tokens: -50, completion_tokens: -40 }, 0, 3],
    [{ prompt_tokens: 5, completion_tokens: 0 }, 5, 3],
  ])('of %j never lower what is spent', async (usage, prompt, completion) => {
    const choices = [{ text: 'twelve chars', finish_reason: 'stop' }];
    const endpoint = connect(await serve(answers({ choices, usage })));
    const answer = await complete(endpoint, plain);
    expect(answer.choices[0]!.tokens).toBe(completion);
    const { requests, promptTokens, completionTokens } = endpoint.spent;
    expect(requests).toBe(1);
    expect(completionTokens).toBe(completion);
    // Where nobody counts them, four characters are a token.
    expect(promptTokens).toBe(prompt || 1);
  });

  it('that cannot be are as much as there may be', async () => {
    const usage = { prompt_tokens: 1e300, completion_tokens: 1e15 };
    const choices = [{ text: 'twelve chars', finish_reason: 'stop' }];
    const endpoint = connect(await serve(answers({ choices, usage })));
    expect((await complete(endpoint, plain)).choices[0]!.tokens).toBe(3);
    expect(endpoint.spent).toMatchObject({ promptTokens: 1, completionTokens: 21 });
  });

  it('of what was no answer are spent too', async () => {
    const usage = { prompt_tokens: 7, completion_tokens: 3 };
    const server = await serve(({ path, turn }) => {
      const { body } = completion(path, 'x', { finish_reason: turn === 0 ? 'abort' : 'stop' });
      return { body: { ...(body as object), usage } };
    });
    const endpoint = connect(server);
    await complete(endpoint, plain);
    expect(endpoint.spent).toMatchObject({ requests: 1, promptTokens: 14, completionTokens: 6 });
  });
});

describe('a body', () => {
  const right = Buffer.from(JSON.stringify(completion('/completions', 'packed').body));
  it.each([
    ['gzip', gzipSync(right)],
    ['x-gzip', gzipSync(right)],
    ['deflate', deflateSync(right)],
    ['deflate', deflateRawSync(right)],
    ['br', brotliCompressSync(right)],
    ['gzip, br', brotliCompressSync(gzipSync(right))],
    ['identity', right],
  ])('in %s is unpacked', async (encoding, body) => {
    const server = await serve(() => ({ headers: { 'content-encoding': encoding }, body }));
    expect((await complete(connect(server), plain)).choices[0]!.text).toBe('packed');
  });

  it.each([
    ['gzip', right, /found a body that is no gzip \(1|found a body that is no gzip;/],
    ['zstd', right, /found a body packed in zstd, which was not asked for/],
    ['gzip', gzipSync(Buffer.alloc(50 << 20)), /found an answer of more than \d+ KiB/],
  ])('in %s that is none, or too much, is not', async (encoding, body, message) => {
    const server = await serve(() => ({ headers: { 'content-encoding': encoding }, body }));
    const asked = complete(connect(server), { ...plain, attempts: 1 });
    await expect(asked).rejects.toThrow(message);
  });

  it('of an error is shown, packed or endless', async () => {
    const reason = JSON.stringify({ error: { message: 'no such thing' } });
    const packed = await serve(() => ({
      status: 400,
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync(reason),
    }));
    await expect(complete(connect(packed), plain)).rejects.toThrow(/status 400, no such thing;/);
    const endless = await serve(() => ({ status: 418, body: `tea ${'x'.repeat(10 << 20)}` }));
    await expect(complete(connect(endless), plain)).rejects.toThrow(
      /status 418, tea x{296}\.\.\.;/,
    );
  });
});

describe('a refusal', () => {
  it.each([
    [
      401,
      { error: { message: 'Wrong key', code: 'invalid_api_key' } },
      'endpoint-refused',
      /status 401, Wrong key \(invalid_api_key\); check the key/,
    ],
    [403, 'Forbidden', 'endpoint-refused', /status 403, Forbidden; check the key/],
    [
      403,
      { error: { message: 'Empty', code: 'insufficient_balance' } },
      'endpoint-quota',
      /status 403, Empty \(insufficient_balance\); add to the account/,
    ],
    [
      503,
      { error: { message: 'No channel for m', code: 'model_not_found' } },
      'endpoint-model',
      /status 503, No channel for m/,
    ],
    [402, { error: 'Pay' }, 'endpoint-quota', /status 402, Pay; add to the account/],
    [
      429,
      { error: { message: 'Quota', code: 'insufficient_quota' } },
      'endpoint-quota',
      /status 429, Quota \(insuff/,
    ],
    [
      404,
      { error: { message: 'The model `m` does not exist.', code: 'model_not_found' } },
      'endpoint-model',
      /status 404, The model `m` does not exist/,
    ],
    [404, { detail: 'Not Found' }, 'endpoint-refused', /status 404, Not Found; check its url/],
    [
      422,
      { detail: [{ loc: ['body', 'n'], msg: 'too many' }] },
      'endpoint-refused',
      /status 422, body\.n: too many/,
    ],
    [400, '', 'endpoint-refused', /status 400, with nothing in it/],
    [
      200,
      { error: { message: 'Wrong key', code: 401 } },
      'endpoint-refused',
      /status 401, Wrong key; check/,
    ],
    [
      200,
      [{ error: { message: 'Wrong key', code: 401, status: 'UNAUTHENTICATED' } }],
      'endpoint-refused',
      /status 401, Wrong key \(UNAUTHENTICATED\); check/,
    ],
    [200, { object: 'error', message: 'no', code: 400 }, 'endpoint-refused', /status 400, no;/],
  ])('of status %d is one at once: %j', async (status, body, code, message) => {
    const server = await serve(() => refuses(status, body));
    const asked = complete(connect(server), chat);
    await expect(asked).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(server.asked).toHaveLength(1);
  });

  it('shows no key, whole, cut or in another spelling, and nothing that a terminal obeys', async () => {
    const key = 'sk-9Zq+/a7Yb3Xw8Vc5';
    const said = [
      key,
      key.slice(0, 9),
      `${key.slice(0, 6)}***${key.slice(-4)}`,
      key.toUpperCase(),
      encodeURIComponent(key),
      Buffer.from(key).toString('base64'),
      Buffer.from(`Bearer ${key}`).toString('hex'),
      '\u001b[31mred\u0007\u009b2J\u202e',
    ];
    for (const body of [{ error: { message: said.join(' ') } }, said.join(' ')]) {
      const server = await serve(() => refuses(400, body));
      const error = (await complete(connect(server, { key }), chat).catch(String)) as string;
      expect(error).toContain('[key]');
      expect(error).toContain('\\u001b[31mred\\u0007\\u009b2J\\u202e');
      expect(error).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      for (let at = 0; at + 4 <= key.length; at++) {
        expect(error.toLowerCase()).not.toContain(key.slice(at, at + 4).toLowerCase());
      }
    }
  });

  it.each([
    'http://me:sk-1234@127.0.0.1/v1',
    'http://127.0.0.1/v1?key=sk-1234',
    'sk-1234',
    'ftp://sk-1234/',
  ])('of a URL shows nothing of it: %s', async (url) => {
    const refused = expect.objectContaining({
      code: 'endpoint-address',
      message: expect.not.stringContaining('1234'),
    });
    expect(() => connect({ url })).toThrow(refused);
    await expect(openServer({ url, model: 'm' })).rejects.toThrow(refused);
  });
});

describe('a parameter that a model refuses', () => {
  const picky: Answering = ({ path, body }) => {
    const complaint = (message: string, param: string | null) =>
      refuses(400, { error: { message, param, type: 'invalid_request_error' } });
    if ('max_tokens' in body) {
      return complaint(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        'max_tokens',
      );
    }
    if ('temperature' in body && body.temperature !== 1) {
      return complaint("Unsupported value: 'temperature' does not support 0, only 1.", null);
    }
    return completion(path, JSON.stringify(body));
  };

  it('is found by asking, remembered, and said once', async () => {
    const server = await serve(picky);
    const waits: string[] = [];
    const endpoint = connect(server, { onWait: (reason) => waits.push(reason) });
    const [first] = await Promise.all([1, 2, 3].map(() => complete(endpoint, chat)));
    const sent = JSON.parse(first!.choices[0]!.text);
    expect(sent).toMatchObject({ max_completion_tokens: 20, top_p: 1 });
    expect(sent).not.toHaveProperty('temperature');
    const before = server.asked.length;
    await complete(endpoint, chat);
    expect(server.asked.length - before).toBe(1);
    expect(waits).toEqual([
      'endpoint test: model m is asked with max_completion_tokens, since it refuses max_tokens',
      expect.stringMatching(/^endpoint test: model m is asked without a temperature/),
    ]);
    // Another model is asked as usual.
    const other = await complete(endpoint, { ...chat, model: 'o' });
    expect(JSON.parse(other.choices[0]!.text)).toMatchObject({ model: 'o' });
    expect(server.asked.at(-3)!.body).toHaveProperty('max_tokens');
  });

  it('is kept where its value is what is wrong', async () => {
    const server = await serve(() =>
      refuses(400, { error: { message: 'max_tokens is too large: 20 > 8', param: 'max_tokens' } }),
    );
    await expect(complete(connect(server), chat)).rejects.toThrow(/too large: 20 > 8/);
    expect(server.asked).toHaveLength(1);
  });
});

describe('a server that is away', () => {
  const times =
    (count: number, answer: RawAnswer | undefined): Answering =>
    ({ path, turn }) =>
      turn < count ? answer : completion(path, 'back');
  const engine = { error: { message: 'EngineCore encountered an issue. See stack trace.' } };

  it.each<[string, RawAnswer | undefined]>([
    ['500', refuses(500, engine)],
    ['529', refuses(529, { error: { type: 'overloaded_error', message: 'Overloaded' } })],
    ['520', refuses(520, '<html>cloudflare</html>')],
    ['an error with status 200', { body: { error: { code: 429, message: 'slow down' } } }],
    ['a broken connection', undefined],
  ])('is waited for as often as it takes: %s', async (_, answer) => {
    const count = answer ? 12 : 3;
    const soon = answer && { ...answer, headers: { 'retry-after-ms': '20' } };
    const server = await serve(times(count, soon));
    const { choices } = await complete(connect(server), { ...chat, attempts: 1 });
    expect(choices[0]!.text).toBe('back');
    expect(server.asked).toHaveLength(count + 1);
  });

  it.each([
    [{ 'retry-after-ms': '700' }, 700],
    [{ 'retry-after': '1' }, 1000],
  ])('is left alone as it wants: %j', async (headers, ms) => {
    const server = await serve(times(1, { status: 429, headers, body: {} }));
    const began = performance.now();
    await complete(connect(server), chat);
    expect(performance.now() - began).toBeGreaterThanOrEqual(ms - 5);
  });

  it('is not waited for longer than there is patience, whatever it wants', async () => {
    const headers = { 'retry-after': '3000' };
    const server = await serve(() => ({ status: 429, headers, body: { error: 'later' } }));
    const began = performance.now();
    await expect(complete(connect(server, { patience: 1 }), chat)).rejects.toMatchObject({
      code: 'endpoint-away',
      message: expect.stringMatching(/found status 429, later \(2 attempts\)/),
    });
    const took = performance.now() - began;
    expect(took).toBeGreaterThanOrEqual(990);
    expect(took).toBeLessThan(2500);
  });

  it('is waited for from when it was last heard', async () => {
    // Every other one is answered, for longer than there is patience.
    const server = await serve(({ path, body }) =>
      body.seed === 1 && server.asked.length < 12 ? refuses(503, 'busy') : completion(path, 'x'),
    );
    const endpoint = connect(server, { patience: 2 });
    const asked = complete(endpoint, { ...chat, seed: 1 });
    let done = false;
    asked.finally(() => {
      done = true;
    });
    while (!done) {
      await complete(endpoint, { ...chat, seed: 2 });
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    expect((await asked).choices[0]!.text).toBe('x');
  });
});
