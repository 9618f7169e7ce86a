/** One server that is busy, broken, slow, wrong or gone, and what the client makes of it. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { complete } from '../../src/model/openai/answers.js';
import { type Endpoint, readKey } from '../../src/model/openai/index.js';
import { asIs } from '../../src/model/openai/reading.js';
import { connect, serve } from './opened.js';

const asking = (prompt: string, more: object = {}) => ({
  model: 'scripted',
  prompt: { text: prompt },
  temperature: 1,
  maxTokens: 200,
  ...more,
});
const textOf = async (endpoint: Endpoint, prompt: string, seed = 1) => {
  const { choices } = await complete(endpoint, asking(prompt, { seed }));
  return choices[0]!.text;
};

describe('answers', () => {
  const faults = ['429', '503', '500', 'html', 'json', 'shape', 'empty', 'fewer', 'aborted'];
  faults.push('half', 'encoding', 'reset');

  it.each(faults)('comes to the right answer after one that is: %s', async (fault) => {
    const right = await textOf(connect(await serve()), 'Q');
    const server = await serve({ faults: [fault, 'ok'] });
    expect(await textOf(connect(server), 'Q')).toBe(right);
    expect(await server.stats()).toMatchObject({ requests: 2, answered: 1 });
  });

  it('are each received once, whatever happens in between', async () => {
    const server = await serve({ faults, times: 3 });
    const calm = connect(await serve());
    const troubled = connect(server, { parallel: 16 });
    const prompts = Array.from({ length: 60 }, (_, i) => `question ${i}`);
    const ask = (endpoint: Endpoint) => Promise.all(prompts.map((p, i) => textOf(endpoint, p, i)));
    expect(await ask(troubled)).toEqual(await ask(calm));
    expect((await server.stats()).answered).toBe(60);
    expect(troubled.spent.requests).toBe(60);
  });

  it('are waited for while the server restarts', async () => {
    const server = await serve({ delay: 20 });
    const waits: string[] = [];
    const endpoint = connect(server, { parallel: 4, onWait: (reason) => waits.push(reason) });
    const calm = connect(await serve());
    const prompts = Array.from({ length: 24 }, (_, i) => `question ${i}`);
    const ask = (to: Endpoint) => Promise.all(prompts.map((prompt) => textOf(to, prompt)));
    const asked = ask(endpoint);
    while (endpoint.spent.requests < 4) await new Promise((resolve) => setTimeout(resolve, 1));
    await server.stop();
    await serve({ port: server.port });
    expect(await asked).toEqual(await ask(calm));
    expect(waits[0]).toMatch(/^endpoint test: connection broken or refused \(.*\); asking again$/);
  });

  it('are waited for while the server fails before it ends, and restarts', async () => {
    const failed = await serve({ faults: ['500'] });
    const other = connect(failed);
    const asked = [1, 2, 3].map((seed) => textOf(other, 'Q', seed));
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await failed.stop();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await serve({ port: failed.port });
    const calm = connect(await serve());
    expect(await Promise.all(asked)).toEqual(
      await Promise.all([1, 2, 3].map((seed) => textOf(calm, 'Q', seed))),
    );
  });

  it('keep the order of their indices, and say what they cost', async () => {
    const endpoint = connect(await serve());
    const { choices } = await complete(endpoint, asking('Q', { seed: 4, n: 3 }));
    const alone = await Promise.all([4, 5, 6].map((seed) => textOf(endpoint, 'Q', seed)));
    expect(choices.map(({ text }) => text)).toEqual(alone);
    expect(choices.every(({ finished, tokens }) => finished && tokens > 0)).toBe(true);
    const { requests, promptTokens, completionTokens } = endpoint.spent;
    expect({ requests, promptTokens }).toEqual({ requests: 4, promptTokens: 4 });
    // One token more than characters for each: the end.
    const length = [...alone, ...alone].reduce((sum, text) => sum + text.length + 1, 0);
    expect(completionTokens).toBe(length);
  });
});

describe('errors', () => {
  it('name the server, the request and what was found, without the key', async () => {
    const server = await serve({ key: 'right' });
    const endpoint = connect(server, { key: 'sk-secret' });
    const failed = textOf(endpoint, 'Q');
    await expect(failed).rejects.toMatchObject({
      code: 'endpoint-refused',
      message: `endpoint test (${server.url}/completions): expected an answer, found status 401, Incorrect API key provided: [key].; check the key`,
    });
    expect(await textOf(connect(server, { key: 'right' }), 'Q')).toContain('####');
    expect((await server.stats()).requests).toBe(1);
  });

  it('do not repeat what is refused', async () => {
    const server = await serve({ refuses: ['top_k'] });
    const endpoint = connect(server);
    const asked = complete(endpoint, asking('Q', { extensions: { top_k: 1 } }));
    await expect(asked).rejects.toMatchObject({ code: 'endpoint-refused' });
    await expect(complete(endpoint, { ...asking('Q'), model: 'other' })).rejects.toThrow(
      /status 404.*glore doctor shows what the server has$/,
    );
    expect((await server.stats()).requests).toBe(0);
  });

  it.each([
    ['html', /found no JSON in <html>.*502 Bad Gateway.*\(2 attempts\)/],
    ['shape', /found choices\.0\.text: .* in \{"choices":\[\{"content":"x"\}\]\}/],
    ['encoding', /found no JSON in/],
    ['huge', /found an answer of more than 307 KiB, longer than what was asked for can be/],
  ])('end attempts at answers that stay nonsense: %s', async (fault, message) => {
    const server = await serve({ faults: [fault] });
    const failed = complete(connect(server), asking('Q', { attempts: 2 }));
    await expect(failed).rejects.toMatchObject({ code: 'endpoint-answer' });
    await expect(failed).rejects.toThrow(message);
    expect((await server.stats()).requests).toBe(2);
  });

  it('say that there is no server', async () => {
    const gone = await serve();
    await gone.stop();
    await expect(textOf(connect(gone, { patience: 0 }), 'Q')).rejects.toMatchObject({
      code: 'endpoint-away',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await expect(textOf(connect({ url: 'http://nowhere.invalid/v1' }), 'Q')).rejects.toMatchObject({
      code: 'endpoint-address',
    });
  });

  it('say that a request took too long', async () => {
    const server = await serve({ faults: ['silence'] });
    const endpoint = connect(server, { timeout: 0.1 });
    await expect(complete(endpoint, asking('Q', { attempts: 2 }))).rejects.toThrow(
      /found no answer within 0\.1 s \(2 attempts\)/,
    );
  });

  it('say which key is missing', () => {
    expect(() => readKey('test', 'GLORE_NO_SUCH_KEY')).toThrow(
      expect.objectContaining({ code: 'endpoint-key' }),
    );
    expect(readKey('test', undefined)).toBe(undefined);
  });
});

describe('limits', () => {
  it('keep to the most in flight, and come to it', async () => {
    const server = await serve({ delay: 5 });
    const endpoint = connect(server, { parallel: 20 });
    await Promise.all(Array.from({ length: 120 }, (_, i) => textOf(endpoint, `Q${i}`)));
    expect(endpoint.limit).toBe(20);
    expect((await server.stats()).most).toBeLessThanOrEqual(20);
  });

  it('halve what is in flight when the server has too much to do', async () => {
    const server = await serve({ faults: [...Array(30).fill('ok'), '429'] });
    const endpoint = connect(server, { parallel: 64 });
    await Promise.all(Array.from({ length: 30 }, (_, i) => textOf(endpoint, `Q${i}`)));
    const before = endpoint.limit;
    expect(before).toBeGreaterThan(8);
    await textOf(endpoint, 'one more');
    expect(endpoint.limit).toBe(Math.floor(before / 2));
  });

  it('stop at the budget, with what has arrived counted', async () => {
    const server = await serve();
    const endpoint = connect(server, { parallel: 2, budget: { requests: 10 } });
    const asked = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) => textOf(endpoint, `Q${i}`)),
    );
    const got = asked.filter(({ status }) => status === 'fulfilled').length;
    expect(got).toBeGreaterThanOrEqual(10);
    expect(got).toBeLessThanOrEqual(11);
    expect(endpoint.spent.requests).toBe(got);
    expect((await server.stats()).answered).toBe(got);
    await expect(textOf(endpoint, 'more')).rejects.toMatchObject({
      code: 'budget-spent',
      message: expect.stringMatching(
        /^endpoints\.test\.budget\.requests: 1[01] of 10 requests are/,
      ),
    });
  });

  it('count money by the price of tokens, also what was spent before', async () => {
    const spent = {
      requests: 1,
      promptTokens: 2,
      completionTokens: 3,
      seconds: 4,
      money: 0.5,
    };
    const endpoint = connect(await serve(), { spent, budget: { money: 0.6 } });
    await complete(endpoint, asking('four', { price: { input: 10_000, output: 0 } }));
    expect(endpoint.spent).toMatchObject({ requests: 2, promptTokens: 6, money: 0.54 });
    await complete(endpoint, asking('eight...', { price: { input: 10_000, output: 0 } }));
    await expect(textOf(endpoint, 'Q')).rejects.toThrow(
      /endpoints\.test\.budget\.money: 0\.62 of 0\.6 money are spent/,
    );
  });
});

describe('stopping', () => {
  it('begins nothing once aborted, and lets finish what is in flight', async () => {
    const server = await serve({ delay: 30 });
    const abort = new AbortController();
    const endpoint = connect(server, { parallel: 3, signal: abort.signal });
    const asked = Array.from({ length: 9 }, (_, i) => textOf(endpoint, `Q${i}`));
    await new Promise((resolve) => setTimeout(resolve, 15));
    abort.abort(new Error('enough'));
    const results = await Promise.allSettled(asked);
    const answered = results.filter(({ status }) => status === 'fulfilled').length;
    expect(answered).toBe((await server.stats()).answered);
    expect(answered).toBeLessThanOrEqual(3);
    expect(results.at(-1)).toMatchObject({ status: 'rejected', reason: { message: 'enough' } });
  });

  it('ends what is in flight when closed', async () => {
    const server = await serve({ faults: ['silence'] });
    const endpoint = connect(server);
    const asked = textOf(endpoint, 'Q');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all([
      expect(asked).rejects.toMatchObject({ code: 'endpoint-closed' }),
      endpoint.close(),
    ]);
  });

  it('reads the shape that is asked for', async () => {
    const endpoint = connect(await serve());
    const list = await endpoint.probe('GET', 'models');
    expect(list).toMatchObject({ data: [{ id: 'scripted' }] });
    const counted = asIs(z.object({ count: z.int() }));
    await expect(
      endpoint.post('/tokenize', { model: 'scripted', prompt: 'ab' }, counted),
    ).resolves.toEqual({ count: 2 });
  });
});
