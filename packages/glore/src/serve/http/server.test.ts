/** What the server refuses, limits, counts and logs, and how it ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCheckpoint, saveCheckpoint } from '@glore/engine';
import { propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { hostBase } from '../batch/hosted.js';
import {
  base,
  logged,
  metricsOf,
  openBase,
  post,
  questions,
  refusal,
  serverOfFile,
  start,
  startForTest,
} from '../harness.testing.js';
import { startServer } from './server.js';

const [first] = questions;

const shared = serverOfFile();

/** A completion that takes seconds, if it is not left. */
const endless = {
  model: 'student',
  prompt: '<|bos|>',
  n: 32,
  max_tokens: 500,
  temperature: 1,
  ignore_eos: true,
};

describe('errors', () => {
  const good = { model: 'student', prompt: '<|bos|>Hello' };
  const refused: [string, object, string, string][] = [
    ['a missing prompt', { prompt: undefined }, 'prompt', 'invalid_value'],
    ['an empty prompt', { prompt: '' }, 'prompt', 'invalid_value'],
    ['an empty prompt in a list', { prompt: ['x', ''] }, 'prompt', 'invalid_value'],
    ['no prompts', { prompt: [] }, 'prompt', 'invalid_value'],
    ['a prompt too long', { prompt: Array(512).fill(5) }, 'prompt', 'context_length_exceeded'],
    ['an unknown token', { prompt: [1, 99_999] }, 'prompt', 'invalid_value'],
    ['an unknown label', { logprob_token_ids: [99_999] }, 'logprob_token_ids', 'invalid_value'],
    ['an unknown stop', { stop_token_ids: [99_999] }, 'stop_token_ids', 'invalid_value'],
    ['a temperature below 0', { temperature: -1 }, 'temperature', 'invalid_value'],
    ['no tokens', { max_tokens: 0 }, 'max_tokens', 'invalid_value'],
    ['nucleus sampling', { top_p: 0.9 }, 'top_p', 'invalid_value'],
    ['an echo', { echo: true }, 'echo', 'invalid_value'],
    ['a bias', { logit_bias: { 5: 1 } }, 'logit_bias', 'invalid_value'],
    ['best_of other than n', { best_of: 4 }, 'best_of', 'unsupported'],
    [
      'best_of of the refining model',
      { model: 'glore', prompt: 'x', best_of: 4 },
      'best_of',
      'unsupported',
    ],
    ['too few seeds', { n: 2, seeds: [1] }, 'seeds', 'invalid_value'],
  ];
  it.each(refused)('say what is wrong with %s', async (_, change, param, code) => {
    const response = await post(shared, '/v1/completions', { ...good, ...change });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: {
        message: expect.stringMatching(/expected|takes|outside|no tokens/),
        type: 'invalid_request_error',
        param,
        code,
      },
    });
  });

  it('come before a stream begins', async () => {
    await expect(
      shared.client.completions.create({ model: 'student', prompt: [1, 9999], stream: true }),
    ).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });

  it('accepts neutral values and unknown fields', async () => {
    const response = await post(shared, '/v1/completions', {
      ...good,
      ...{ top_p: 1, top_k: -1, min_p: 0, repetition_penalty: 1, presence_penalty: 0 },
      ...{ logit_bias: {}, echo: false, suffix: null, user: 'me', unheard_of: 1, best_of: 1 },
    });
    expect(response.status).toBe(200);
  });

  it('tell an unknown model, path and body apart', async () => {
    await expect(
      shared.client.completions.create({ model: 'gpt', prompt: 'x' }),
    ).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    for (const [path, body] of [
      ['/tokenize', { prompt: 'x' }],
      ['/detokenize', { tokens: [1] }],
    ] as const) {
      expect((await post(shared, path, { ...body, model: 'gpt' })).status).toBe(404);
      expect((await post(shared, path, { ...body, model: 'glore' })).status).toBe(200);
    }
    expect((await post(shared, '/v1/embeddings', {})).status).toBe(404);
    const bad = await post(shared, '/v1/completions', {});
    expect(bad.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(bad.headers.get('content-type')).toBe('application/json');
    expect(await (await post(shared, '/v1/completions', '{"model"')).json()).toMatchObject({
      error: { code: 'invalid_json' },
    });
    expect(
      (await post(shared, '/v1/completions', good, { 'content-type': 'text/plain' })).status,
    ).toBe(415);
    const large = await startForTest(shared.hosted, { maxBody: 1000 });
    await expect(
      large.client.completions.create({ ...good, prompt: 'x'.repeat(2000) }),
    ).rejects.toMatchObject({ status: 413, code: 'body_too_large' });
    // A body that does not say how long it is.
    const unmeasured = await fetch(`${large.url}/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([JSON.stringify({ ...good, prompt: 'x'.repeat(2000) })]).stream(),
      ...{ duplex: 'half' },
    });
    expect(unmeasured.status).toBe(413);
    expect(await unmeasured.json()).toMatchObject({ error: { code: 'body_too_large' } });
  });
});

describe('limits', () => {
  it('lets in who has the key', async () => {
    const server = await startForTest(shared.hosted, { key: 'sesame' });
    expect((await server.client.models.list()).data).toHaveLength(6);
    for (const apiKey of ['sesam', 'sesame2']) {
      const other = new OpenAI({ baseURL: server.url, apiKey, maxRetries: 0 });
      await expect(other.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    }
    for (const path of ['/metrics', '/v1/models', '/pooling', '/nowhere']) {
      expect((await fetch(`${server.running.url}${path}`)).status).toBe(401);
    }
    expect((await fetch(`${server.running.url}/health`)).status).toBe(200);
    expect(JSON.stringify(server.logs)).not.toContain('sesame');
  });

  it('wants a key where others can ask', async () => {
    await expect(start(shared.hosted, { host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'key-missing',
    });
  });

  it('answers to its own name only, where there is no key', async () => {
    const { port } = new URL(shared.url);
    const status = (host: string) =>
      new Promise((resolve, reject) => {
        const headers = { host };
        httpRequest({ host: '127.0.0.1', port, path: '/v1/models', headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    expect(await status('evil.example')).toBe(403);
    expect(await status(`localhost:${port}`)).toBe(200);
  });

  it('sends away what is too much, and works on when there is room', async () => {
    const server = await startForTest(shared.hosted, { parallel: 1, queue: 0 });
    const abort = new AbortController();
    const stream = await server.client.completions.create(
      { ...endless, stream: true },
      { signal: abort.signal },
    );
    for await (const _ of stream) break;
    const busy = await startForTest(shared.hosted, { parallel: 1, queue: 0 });
    const long = busy.client.completions.create({ ...endless, stream: true });
    await (await long)[Symbol.asyncIterator]().next();
    const response = await fetch(`${busy.url}/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'student', prompt: '<|bos|>' }),
    });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({
      error: { type: 'rate_limit_error', code: 'overloaded' },
    });
    // The first client has left its stream.
    await logged(server.logs, 499);
    const after = await server.client.completions.create({ model: 'student', prompt: '<|bos|>' });
    expect(after.choices).toHaveLength(1);
  });

  it('ends what takes too long', async () => {
    const server = await startForTest(shared.hosted, { timeout: 0.05 });
    await expect(server.client.completions.create(endless)).rejects.toMatchObject({
      status: 504,
      code: 'timeout',
    });
    const stream = await server.client.completions.create({ ...endless, stream: true });
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toMatchObject({ code: 'timeout' });
  });

  it.each([false, true])('leaves the work of a client that leaves (stream: %s)', async (stream) => {
    const server = await startForTest(shared.hosted);
    const abort = new AbortController();
    const asked = server.client.completions.create(
      { ...endless, stream },
      { signal: abort.signal },
    );
    if (stream) {
      for await (const _ of (await asked) as AsyncIterable<unknown>) break;
    } else {
      while (!(await metricsOf(server)).includes('glore_requests_running 1\n'));
      abort.abort();
      await expect(asked).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    }
    const line = await logged(server.logs, 499);
    expect(line).toMatchObject({ path: '/v1/completions', error: 'client_closed' });
    // It was not sampled to its end.
    expect(line).not.toHaveProperty('generatedTokens');
    const metrics = await metricsOf(server);
    expect(metrics).toContain('glore_requests_running 0\n');
    expect(metrics).toMatch(/glore_requests_total\{.*status="499"\} 1\n/);
  });
});

it('leaves the work of a client that leaves while its answer is refined', async () => {
  const server = await startForTest(shared.hosted);
  const abort = new AbortController();
  const asked = server.client.chat.completions.create(
    {
      model: 'glore',
      messages: [{ role: 'user', content: first }],
      n: 64,
      temperature: 2,
      ...{ glore: { threshold: 1 } },
    },
    { signal: abort.signal },
  );
  while (!(await metricsOf(server)).includes('glore_requests_running 1\n'));
  abort.abort();
  await expect(asked).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
  const line = await logged(server.logs, 499);
  expect(line).toMatchObject({ path: '/v1/chat/completions', error: 'client_closed' });
  expect(line).not.toHaveProperty('generatedTokens');
  expect(await metricsOf(server)).not.toContain('glore_choices_total{');
});

describe('the end', () => {
  it('waits for what is in flight, and takes nothing more', async () => {
    const body = { ...endless, n: 1, max_tokens: 400, seed: 2 };
    const expected = await shared.client.completions.create(body);
    const server = await start(shared.hosted);
    const stream = await server.client.completions.create({ ...body, stream: true });
    const parts = stream[Symbol.asyncIterator]();
    let { text } = (await parts.next()).value!.choices[0]!;
    const closed = server.running.close(60);
    await expect(server.client.models.list()).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
    let finish: string | null = null;
    for (let part = await parts.next(); !part.done; part = await parts.next()) {
      text += part.value.choices[0]!.text;
      finish = part.value.choices[0]!.finish_reason ?? finish;
    }
    expect(finish).toBe('length');
    expect(text).toBe(expected.choices[0]!.text);
    await closed;
    expect(server.logs).toMatchObject([{ status: 200 }]);
  });

  it('cuts off what does not end in time, and says so', async () => {
    const server = await start(shared.hosted);
    const stream = await server.client.completions.create({ ...endless, stream: true });
    const parts = stream[Symbol.asyncIterator]();
    await parts.next();
    const closed = server.running.close(0);
    await expect(
      (async () => {
        for (let part = await parts.next(); !part.done; part = await parts.next());
      })(),
    ).rejects.toMatchObject({ code: 'stopping' });
    await closed;
    expect(server.logs).toMatchObject([{ status: 503, error: 'stopping' }]);
  });
});

describe('health', () => {
  it('is bad once a model has failed', async () => {
    const failing = await openBase(1);
    const logs: Record<string, unknown>[] = [];
    const running = await startServer(async () => failing, {
      ...{ host: '127.0.0.1', port: 0, parallel: 1, queue: 0, timeout: 60, maxBody: 1000 },
      logPrompts: false,
      log: (line) => logs.push({ ...line }),
    });
    onTestFinished(() => running.close(0));
    const health = async () => (await fetch(`${running.url}/health`)).json();
    expect(await health()).toEqual({ status: 'ok' });
    await failing.close();
    const response = await fetch(`${running.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'student', prompt: '<|bos|>' }),
    });
    expect(response.status).toBe(500);
    // Why is for the log.
    expect(await response.json()).toMatchObject({
      error: { code: 'internal', type: 'server_error' },
    });
    expect((await logged(logs, 500)).cause).toContain('closed');
    expect(await health()).toEqual({ status: 'failed' });
  });
});

describe('a model whose weights are no numbers', () => {
  it('is an error on every path, and bad health', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'glore-serve-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const checkpoint = await loadCheckpoint(base);
    const head = checkpoint.weights.get('lm_head.weight')!;
    head.data.fill(Number.NaN, 0, 100);
    await saveCheckpoint(folder, checkpoint);
    const messages = [{ role: 'user', content: first }];
    const asked: [path: string, body: object][] = [
      ['/v1/completions', { model: 'student', prompt: 'x' }],
      ['/v1/completions', { model: 'student', prompt: 'x', temperature: 0, logprobs: 2 }],
      ['/v1/chat/completions', { model: 'glore', messages }],
      ['/pooling', { model: 'orm', input: 'x' }],
      ['/generative_scoring', { model: 'orm', query: 'x', items: ['y'], label_token_ids: [5] }],
    ];
    for (const [path, body] of asked) {
      const broken = await hostBase(folder, { workers: 1 });
      onTestFinished(() => broken.close());
      const server = await startForTest(broken);
      const health = () => fetch(`${server.running.url}/health`);
      expect((await health()).status).toBe(200);
      expect(await refusal(await post(server, path, body))).toEqual({
        status: 500,
        code: 'model_failed',
        param: null,
        message: expect.stringContaining('its weights are broken'),
      });
      const after = await health();
      expect(after.status).toBe(503);
      expect(await after.json()).toEqual({ status: 'failed' });
      expect(await logged(server.logs, 500)).toMatchObject({ path, error: 'model_failed' });
      // In a stream too.
      if (!path.startsWith('/v1')) continue;
      const stream = await post(server, path, { ...body, stream: true });
      expect(await stream.text()).toContain('"code":"model_failed"');
    }
  });
});

describe('what is counted and logged', () => {
  it('says much of a request and nothing of its text', async () => {
    const server = await startForTest(shared.hosted);
    const { _request_id } = await server.client.chat.completions.create({
      model: 'glore',
      messages: [{ role: 'user', content: first }],
    });
    await server.client.completions.create({ model: 'nothing', prompt: first }).catch(() => {});
    expect(server.logs).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        id: _request_id,
        path: '/v1/chat/completions',
        status: 200,
        seconds: expect.any(Number),
        model: 'glore',
        stream: false,
        promptTokens: shared.hosted.codec.prompt(first).length,
        generatedTokens: expect.any(Number),
        choices: 1,
        finish: [expect.any(String)],
        sources: [expect.stringMatching(/^(draft|global|local)$/)],
        costs: expect.objectContaining({
          student: {
            requests: 1,
            promptTokens: 0,
            completionTokens: expect.any(Number),
            seconds: expect.any(Number),
          },
          sorm: expect.objectContaining({ requests: 1, completionTokens: 0 }),
        }),
      },
      expect.objectContaining({ status: 404, error: 'model_not_found' }),
    ]);
    expect(JSON.stringify(server.logs)).not.toContain(first.slice(0, 12));
    const response = await fetch(`${server.running.url}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    const metrics = await response.text();
    expect(metrics).toContain(
      'glore_requests_total{path="/v1/chat/completions",model="glore",status="200"} 1\n',
    );
    expect(metrics).toMatch(/glore_choices_total\{source="\w+"\} 1\n/);
    expect(metrics).toContain('glore_role_requests_total{role="student"} 1\n');
    expect(metrics).toMatch(/glore_role_tokens_total\{role="sorm",kind="prompt"\} [1-9]\d*\n/);
  });

  it('shows requests where that was asked for', async () => {
    const server = await startForTest(shared.hosted, { logPrompts: true });
    await server.client.completions.create({ model: 'student', prompt: '<|bos|>Mia' });
    expect(server.logs[0]!.request).toEqual({ model: 'student', prompt: '<|bos|>Mia' });
  });
});

describe('traces', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  beforeAll(() => {
    trace.setGlobalTracerProvider(provider);
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  });
  afterAll(async () => {
    await provider.shutdown();
    trace.disable();
    propagation.disable();
  });

  it('have a span for each request, with the steps of the refining model', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const parent = 'b7ad6b7169203331';
    const chat = await shared.client.chat.completions.create(
      {
        model: 'glore',
        messages: [{ role: 'user', content: first }],
        ...{ glore: { threshold: 1 } },
      },
      { headers: { traceparent: `00-${traceId}-${parent}-01` } },
    );
    const [span] = exporter.getFinishedSpans();
    expect(span).toMatchObject({
      name: 'chat glore',
      parentSpanContext: { traceId, spanId: parent },
    });
    expect(span!.attributes).toEqual({
      'http.route': '/v1/chat/completions',
      'http.response.status_code': 200,
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'glore',
      'gen_ai.request.model': 'glore',
      'gen_ai.response.model': 'glore',
      'gen_ai.usage.input_tokens': chat.usage!.prompt_tokens,
      'gen_ai.usage.output_tokens': chat.usage!.completion_tokens,
      'gen_ai.response.finish_reasons': [chat.choices[0]!.finish_reason],
    });
    const stages = ['draft', 'where', 'global', 'local', 'choice'];
    expect(span!.events.map(({ name }) => name)).toEqual(stages.map((stage) => `glore.${stage}`));
    expect(span!.events[1]!.attributes).toMatchObject({ 'glore.index': 0, 'glore.location': 1 });
    expect(JSON.stringify(span!.events)).not.toContain('####');
  });

  it('name what went wrong', async () => {
    exporter.reset();
    await shared.client.completions
      .create({ model: 'gpt', prompt: 'x', seed: 3, temperature: 0.5 })
      .catch(() => {});
    const [span] = exporter.getFinishedSpans();
    expect(span!.name).toBe('text_completion gpt');
    expect(span!.attributes).toMatchObject({
      'error.type': 'model_not_found',
      'http.response.status_code': 404,
      'gen_ai.request.seed': 3,
      'gen_ai.request.temperature': 0.5,
    });
  });
});
