/** The server as its clients see it: the official client, the AI SDK, and plain requests; with the base in every role. */
import { request as httpRequest } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { generateText, streamText, tool } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { difficulty, generateProblems } from '../problem/index.js';
import { type Decision, type RefineEvent, refine } from '../refine/index.js';
import { modelsFor, openBaseModel, type Served } from './served.js';
import { type Running, type ServerOptions, startServer } from './server.js';

const [first, second, third] = generateProblems({
  split: 'train',
  count: 3,
  seed: 8,
  // Short ones.
  settings: { ...difficulty(0.2), steps: [2, 2] },
}).map(({ question }) => question) as [string, string, string];

let served: Served;
let shared: Server;
beforeAll(async () => {
  const folder = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
  served = await openBaseModel(folder, { workers: 2 });
  shared = await start();
});
afterAll(async () => {
  await shared.running.close(0);
  await served.close();
});

interface Server {
  readonly running: Running;
  readonly logs: Record<string, unknown>[];
  readonly url: string;
  readonly client: OpenAI;
}

/** A server of its own on the shared models. */
async function start(options: Partial<ServerOptions> = {}): Promise<Server> {
  const logs: Record<string, unknown>[] = [];
  const running = await startServer(async () => ({ ...served, close: async () => {} }), {
    host: '127.0.0.1',
    port: 0,
    parallel: 64,
    queue: 64,
    timeout: 120,
    maxBody: 2 ** 20,
    logPrompts: false,
    log: (line) => logs.push({ ...line }),
    ...options,
  });
  const url = `${running.url}/v1`;
  const client = new OpenAI({ baseURL: url, apiKey: options.key ?? 'none', maxRetries: 0 });
  return { running, logs, url, client };
}

async function startForTest(options: Partial<ServerOptions>): Promise<Server> {
  const server = await start(options);
  onTestFinished(() => server.running.close(0));
  return server;
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${shared.running.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const metricsOf = async ({ running }: Server): Promise<string> =>
  (await fetch(`${running.url}/metrics`)).text();

/** A completion that takes seconds, if it is not left. */
const endless = {
  model: 'student',
  prompt: '<|bos|>',
  n: 32,
  max_tokens: 500,
  temperature: 1,
  ignore_eos: true,
};

/** The log line of a request by its status, which comes when the request is over. */
async function logged(logs: Server['logs'], status: number): Promise<Record<string, unknown>> {
  for (;;) {
    const line = logs.find((one) => one.status === status);
    if (line) return line;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('models', () => {
  it('are the refining model and the roles', async () => {
    const ids: string[] = [];
    for await (const { id, object, owned_by } of shared.client.models.list()) {
      ids.push(id);
      expect({ object, owned_by }).toEqual({ object: 'model', owned_by: 'glore' });
    }
    expect(ids).toEqual(['glore', 'student', 'orm', 'sorm', 'global', 'local']);
    expect(await shared.client.models.retrieve('orm')).toMatchObject({
      id: 'orm',
      max_model_len: 512,
      fingerprint: served.roles.orm.fingerprint,
    });
    await expect(shared.client.models.retrieve('gpt')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});

describe('completions', () => {
  const prompt = () => served.codec.prompt(first);
  const sampled = { model: 'student', temperature: 1, max_tokens: 80, n: 3 };

  it('are what the student samples in this process from the same seeds', async () => {
    const { student } = modelsFor(served, { maxTokens: 80, budget: Infinity, signal: undefined });
    const expected = await student.sample(
      [
        { question: first, seeds: [40, 41, 42] },
        { question: second, seeds: [43, 44, 45] },
      ],
      1,
    );
    const body = { ...sampled, prompt: [prompt(), served.codec.prompt(second)], seed: 40 };
    const { choices, usage } = await shared.client.completions.create({
      ...body,
      ...{ return_token_ids: true },
    });
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    const generated = choices.map((choice) => {
      const { token_ids: ids } = choice as typeof choice & { token_ids: number[] };
      return { ...served.codec.parse(ids), tokens: ids.length };
    });
    expect(generated).toEqual(expected.flat());
    expect(new Set(choices.map(({ text }) => text)).size).toBeGreaterThan(3);
    const completionTokens = generated.reduce((sum, { tokens }) => sum + tokens, 0);
    expect(usage).toMatchObject({
      prompt_tokens: body.prompt.flat().length,
      completion_tokens: completionTokens,
    });
    for (const [i, { text, finish_reason }] of choices.entries()) {
      expect(finish_reason).toBe('stop');
      expect(text.endsWith(`#### ${generated[i]!.answer}`)).toBe(true);
    }

    const seeds = [45, 40];
    const { choices: picked } = await shared.client.completions.create({
      ...{ ...sampled, n: 1, prompt: [served.codec.prompt(second), prompt()] },
      ...{ seeds },
    });
    expect(picked.map(({ text }) => text)).toEqual([choices[5]!.text, choices[0]!.text]);
  });

  it('reads prompts as text or ids, and gives the same whichever', async () => {
    const text = `<|bos|>${first}\n`;
    const ask = async (prompt: string | string[] | number[] | number[][]) =>
      (await shared.client.completions.create({ ...sampled, prompt, seed: 7 })).choices.map(
        ({ text }) => text,
      );
    const [asText, asList, asIds, asLists] = await Promise.all([
      ask(text),
      ask([text]),
      ask(prompt()),
      ask([prompt()]),
    ]);
    expect(asList).toEqual(asText);
    expect(asIds).toEqual(asText);
    expect(asLists).toEqual(asText);
    const { tokens, count } = (await (await post('/tokenize', { prompt: text })).json()) as {
      tokens: number[];
      count: number;
    };
    expect({ tokens, count }).toEqual({ tokens: prompt(), count: prompt().length });
    expect(await (await post('/detokenize', { tokens })).json()).toEqual({ prompt: text });
  });

  it('streams what it would have given at once', async () => {
    const body = { ...sampled, prompt: prompt(), seed: 40, logprobs: 2 };
    const whole = await shared.client.completions.create(body);
    const stream = await shared.client.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    const texts = ['', '', ''];
    const tokens: string[][] = [[], [], []];
    const offsets: number[][] = [[], [], []];
    const finish: (string | null)[] = [];
    let parts = 0;
    let usage: unknown;
    for await (const chunk of stream) {
      parts++;
      usage = chunk.usage ?? usage;
      for (const { index, text, finish_reason, logprobs } of chunk.choices) {
        texts[index] += text;
        tokens[index]!.push(...(logprobs?.tokens ?? []));
        offsets[index]!.push(...(logprobs?.text_offset ?? []));
        if (finish_reason) finish[index] = finish_reason;
      }
    }
    expect(texts).toEqual(whole.choices.map(({ text }) => text));
    expect(tokens).toEqual(whole.choices.map(({ logprobs }) => logprobs!.tokens));
    expect(offsets).toEqual(whole.choices.map(({ logprobs }) => logprobs!.text_offset));
    expect(finish).toEqual(['stop', 'stop', 'stop']);
    expect(usage).toEqual(whole.usage);
    expect(parts).toBeGreaterThan(30);
  });

  it('stops at stop strings and at the limit', async () => {
    const body = { ...sampled, n: 1, prompt: prompt(), temperature: 0 };
    const { choices } = await shared.client.completions.create(body);
    const { text } = choices[0]!;
    const [line] = text.split('\n') as [string];
    const { choices: stopped, usage } = await shared.client.completions.create({
      ...body,
      stop: ['\n', 'never'],
    });
    expect(stopped[0]).toMatchObject({ text: line, finish_reason: 'stop' });
    expect(usage!.completion_tokens).toBe(served.tokenizer.encode(`${line}\n`).length);
    const limited = await shared.client.completions.create({ ...body, max_tokens: 5 });
    expect(limited.choices[0]).toMatchObject({ finish_reason: 'length' });
    expect(limited.usage!.completion_tokens).toBe(5);
    // OpenAI's default.
    const { max_tokens: _, ...open } = body;
    const short = await shared.client.completions.create(open);
    expect(short.usage!.completion_tokens).toBe(16);
  });

  it('gives log-probabilities from which a reward model can be read', async () => {
    const { codec, tokenizer, roles } = served;
    const solution = { steps: ['Fay has 3+4=7.'], answer: '7' };
    const { tokens, tags } = codec.tagged(first, solution);
    const { plus, minus } = codec.ids;
    const labels = [plus, minus];
    const logs = await roles.orm.batcher.score({ items: [{ tokens, positions: tags }], labels });
    const values = logs[0]!.map(([p, n]) => 1 / (1 + Math.exp(n! - p!)));
    for (const [i, tag] of tags.entries()) {
      const prefix = tokens.slice(0, tag + 1);
      const { choices } = await shared.client.completions.create({
        model: 'orm',
        prompt: prefix,
        max_tokens: 1,
        temperature: 0,
        logprobs: 5,
        ...{ logprob_token_ids: labels },
      });
      const { top_logprobs, token_logprobs, tokens: drawn } = choices[0]!.logprobs!;
      const likely = top_logprobs![0]!;
      const read =
        Math.exp(likely['<|+|>']!) / (Math.exp(likely['<|+|>']!) + Math.exp(likely['<|-|>']!));
      expect(read).toBeCloseTo(values[i]!, 5);
      expect(likely[drawn![0]!]).toBe(token_logprobs![0]);
      expect(Math.max(...Object.values(likely))).toBe(token_logprobs![0]);
      expect(Object.keys(likely).length).toBeGreaterThanOrEqual(5);

      const scored = await post('/generative_scoring', {
        model: 'orm',
        query: prefix.slice(0, 9),
        items: [prefix.slice(9), tokenizer.encode('7')],
        label_token_ids: labels,
      });
      const { data } = (await scored.json()) as { data: { score: number }[] };
      expect(data).toHaveLength(2);
      expect(data[0]!.score).toBeCloseTo(values[i]!, 5);
    }
    const raw = await post('/generative_scoring', {
      model: 'orm',
      query: '',
      items: [tokenizer.decode(tokens)],
      item_first: true,
      apply_softmax: false,
      label_token_ids: labels,
    });
    const { data: unscaled } = (await raw.json()) as { data: { score: number }[] };
    expect(Math.log(unscaled[0]!.score)).toBeCloseTo(logs[0]!.at(-1)![0]!, 4);

    const pooled = await post('/pooling', { model: 'orm', input: tokens, task: 'token_classify' });
    const { data } = (await pooled.json()) as { data: [{ data: number[][] }] };
    expect(data[0].data).toHaveLength(tokens.length);
    tags.forEach((tag, i) => {
      expect(data[0].data[tag]![1]).toBeCloseTo(values[i]!, 5);
      expect(data[0].data[tag]![0]).toBeCloseTo(1 - values[i]!, 5);
    });
  });

  it('goes together with others in one batch', async () => {
    const server = await startForTest({});
    const alone = await server.client.completions.create({ ...sampled, prompt: prompt(), seed: 3 });
    const many = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        server.client.completions.create({ ...sampled, prompt: prompt(), seed: i }),
      ),
    );
    expect(many[3]!.choices).toEqual(alone.choices);
    expect(new Set(many.map(({ id }) => id)).size).toBe(6);
  });
});

describe('chat', () => {
  const messages = [{ role: 'user' as const, content: '' }];
  beforeAll(() => {
    messages[0]!.content = first;
  });

  it('with the student is its completion of the question', async () => {
    const chat = await shared.client.chat.completions.create({
      model: 'student',
      messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
      seed: 5,
      logprobs: true,
      top_logprobs: 2,
    });
    const { choices } = await shared.client.completions.create({
      model: 'student',
      prompt: served.codec.prompt(first),
      max_tokens: 160,
      seed: 5,
      logprobs: 2,
    });
    expect(chat.choices[0]).toMatchObject({
      message: { role: 'assistant', content: choices[0]!.text },
      finish_reason: 'stop',
    });
    const content = chat.choices[0]!.logprobs!.content!;
    expect(content.map(({ token }) => token)).toEqual(choices[0]!.logprobs!.tokens);
    expect(content.map(({ logprob }) => logprob)).toEqual(choices[0]!.logprobs!.token_logprobs);
    expect(content[0]!.top_logprobs[0]).toMatchObject({ bytes: expect.any(Array) });
    expect(content[0]!.top_logprobs.length).toBeGreaterThanOrEqual(2);
  });

  it('continues the beginning of an answer', async () => {
    const [draft] = await modelsFor(served, {
      maxTokens: 160,
      budget: Infinity,
      signal: undefined,
    }).student.draft([first]);
    const [line, ...rest] = draft!.steps;
    const chat = await shared.client.chat.completions.create({
      model: 'student',
      messages: [...messages, { role: 'assistant', content: `${line}\n` }],
      temperature: 0,
      ...{ continue_final_message: true, add_generation_prompt: false },
    });
    expect(chat.choices[0]!.message.content).toBe([...rest, `#### ${draft!.answer}`].join('\n'));
  });

  it('streams', async () => {
    const body = { model: 'student', messages, seed: 5, n: 2 };
    const whole = await shared.client.chat.completions.create(body);
    const contents = ['', ''];
    const roles = new Set<string>();
    for await (const chunk of await shared.client.chat.completions.create({
      ...body,
      stream: true,
    })) {
      for (const { index, delta } of chunk.choices) {
        contents[index] += delta.content ?? '';
        if (delta.role) roles.add(`${index} ${delta.role}`);
      }
    }
    expect(contents).toEqual(whole.choices.map(({ message }) => message.content));
    expect([...roles]).toEqual(['0 assistant', '1 assistant']);
  });

  it('is for models that read questions', async () => {
    await expect(
      shared.client.chat.completions.create({ model: 'sorm', messages }),
    ).rejects.toMatchObject({ status: 400, code: 'unsupported', param: 'model' });
    await expect(
      shared.client.chat.completions.create({
        model: 'student',
        messages: [{ role: 'system', content: 'Hello' }],
      }),
    ).rejects.toMatchObject({ status: 400, param: 'messages' });
  });
});

/** What the server adds to an answer of the refining model. */
interface Traced {
  readonly glore: {
    readonly mode: string;
    readonly threshold: number;
    readonly tau: number;
    readonly budget: number | null;
    readonly decisions: Decision[];
  };
}

describe('glore', () => {
  const user = (content: string) => [{ role: 'user' as const, content }];
  const inProcess = async (question: string, options = {}) => {
    const models = modelsFor(served, { maxTokens: 160, budget: Infinity, signal: undefined });
    const settings = { mode: 'rerank' as const, threshold: 0.5, tau: 0.5, ...options };
    return (await refine([question], models, settings))[0]!;
  };
  const rendered = ({ candidates, choice }: Decision) => {
    const { steps, answer } = candidates[choice]!.solution;
    return [...steps, ...(answer === undefined ? [] : [`#### ${answer}`])].join('\n');
  };
  const close = (decision: Decision) =>
    JSON.parse(
      JSON.stringify(decision, (_, value) =>
        typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value,
      ),
    ) as unknown;

  it('refines as in this process, and says how', async () => {
    for (const question of [first, third]) {
      const expected = await inProcess(question);
      const chat = await shared.client.chat.completions.create({
        model: 'glore',
        messages: user(question),
      });
      const { glore } = chat as typeof chat & Traced;
      expect(glore).toMatchObject({ mode: 'rerank', threshold: 0.5, tau: 0.5, budget: null });
      expect(glore.decisions.map(close)).toEqual([close(expected)]);
      expect(chat.choices[0]!.message.content).toBe(rendered(expected));
      const tokens = expected.candidates.reduce((sum, candidate) => sum + candidate.tokens, 0);
      expect(chat.usage).toMatchObject({
        completion_tokens: tokens,
        completion_tokens_details: {
          reasoning_tokens: tokens - expected.candidates[expected.choice]!.tokens,
        },
      });
    }
  });

  it('takes the mode and thresholds of the request', async () => {
    const { candidates } = await inProcess(first);
    const ask = async (glore: object) => {
      const chat = await shared.client.chat.completions.create({
        model: 'glore',
        messages: user(first),
        ...{ glore },
      });
      return (chat as typeof chat & Traced).glore;
    };
    const kept = await ask({ mode: 'gate', tau: candidates[0]!.score / 2 });
    expect(kept).toMatchObject({ mode: 'gate', decisions: [{ values: [], choice: 0 }] });
    expect(kept.decisions[0]!.candidates).toHaveLength(1);
    const nowhere = await ask({ threshold: 0 });
    expect(nowhere.decisions[0]).toMatchObject({ location: -1 });
    const atOnce = await ask({ threshold: 1 });
    expect(atOnce.decisions[0]).toMatchObject({ location: 1 });
    expect(close(atOnce.decisions[0]!)).toEqual(close(await inProcess(first, { threshold: 1 })));
  });

  it('keeps to a budget of generated tokens', async () => {
    const { candidates } = await inProcess(first, { threshold: 1 });
    const [draft, global] = candidates;
    const budget = draft!.tokens + global!.tokens - 1;
    const chat = await shared.client.chat.completions.create({
      model: 'glore',
      messages: user(first),
      ...{ glore: { budget, threshold: 1 } },
    });
    expect(chat.usage!.completion_tokens).toBe(budget);
    const { glore } = chat as typeof chat & Traced;
    expect(glore.budget).toBe(budget);
    const [decision] = glore.decisions;
    expect(decision!.candidates.map(({ tokens }) => tokens)).toEqual([
      draft!.tokens,
      global!.tokens - 1,
      0,
    ]);
    expect(decision!.candidates.slice(1).map(({ score }) => score)).toEqual([0, 0]);
    expect(decision!.choice).toBe(0);
  });

  it('refines sampled drafts where a temperature is given', async () => {
    const chat = await shared.client.chat.completions.create({
      model: 'glore',
      messages: user(first),
      temperature: 1.5,
      n: 3,
      seed: 21,
    });
    const { student } = modelsFor(served, { maxTokens: 160, budget: Infinity, signal: undefined });
    const [drafts] = await student.sample([{ question: first, seeds: [21, 22, 23] }], 1.5);
    const { glore } = chat as typeof chat & Traced;
    expect(glore.decisions.map(({ candidates }) => candidates[0]!.solution.steps)).toEqual(
      drafts!.map(({ steps }) => steps),
    );
    expect(chat.choices).toHaveLength(3);
  });

  it('streams the events of its way, which other clients do not notice', async () => {
    const stream = await shared.client.chat.completions.create({
      model: 'glore',
      messages: user(second),
      stream: true,
      ...{ glore: { threshold: 1 } },
    });
    const events: RefineEvent[] = [];
    let content = '';
    let last: unknown;
    for await (const chunk of stream) {
      const { glore } = chunk as typeof chunk & { glore?: { event?: RefineEvent } };
      if (glore?.event) events.push(glore.event);
      else if (glore) last = glore;
      content += chunk.choices[0]!.delta.content ?? '';
    }
    const expected = await inProcess(second, { threshold: 1 });
    expect(events.map(({ stage }) => stage)).toEqual([
      'draft',
      'where',
      'global',
      'local',
      'choice',
    ]);
    expect(events[1]).toMatchObject({ index: 0, location: 1 });
    expect(content).toBe(rendered(expected));
    expect((last as Traced['glore']).decisions.map(close)).toEqual([close(expected)]);
  });

  it('reads the prompt of a completion as its question', async () => {
    const completion = await shared.client.completions.create({
      model: 'glore',
      prompt: [first, served.tokenizer.decode(served.codec.prompt(second))],
    });
    const { glore } = completion as typeof completion & Traced;
    const expected = [await inProcess(first), await inProcess(second)];
    expect(glore.decisions.map(close)).toEqual(expected.map(close));
    expect(completion.choices.map(({ text }) => text)).toEqual(expected.map(rendered));
  });

  it('passes through what is no question to be refined', async () => {
    const server = await startForTest({});
    const same = async (body: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>) => {
      const whole = { messages: user(first), seed: 4, ...body };
      const ask = (model: string) => server.client.chat.completions.create({ ...whole, model });
      const [passed, plain] = [await ask('glore'), await ask('student')];
      const own = { id: '', created: 0 };
      expect({ ...passed, ...own }).toEqual({ ...plain, ...own });
    };
    const parameters = { type: 'object', properties: {} };
    await same({ tools: [{ type: 'function', function: { name: 'f', parameters } }] });
    await same({
      messages: [...user(first), { role: 'assistant', content: 'Yes.' }],
      ...{ continue_final_message: true },
    });
    expect(server.logs.map(({ passed }) => passed)).toEqual([
      'tools',
      undefined,
      'no question',
      undefined,
    ]);
  });

  it('refuses what only plain samples have', async () => {
    for (const extra of [{ stop: 'x' }, { logprobs: true }, { ignore_eos: true }]) {
      await expect(
        shared.client.chat.completions.create({ model: 'glore', messages: user(first), ...extra }),
      ).rejects.toMatchObject({ status: 400, code: 'unsupported', param: Object.keys(extra)[0] });
    }
    await expect(
      shared.client.chat.completions.create({
        model: 'student',
        messages: user(first),
        ...{ glore: { mode: 'gate' } },
      }),
    ).rejects.toMatchObject({ status: 400, param: 'glore' });
  });
});

describe('the AI SDK', () => {
  const provider = () =>
    createOpenAICompatible({
      name: 'glore',
      baseURL: shared.url,
      includeUsage: true,
      metadataExtractor: {
        extractMetadata: async ({ parsedBody }) => {
          const { glore } = parsedBody as Partial<Traced>;
          return glore && { glore: { mode: glore.mode, choice: glore.decisions[0]!.choice } };
        },
        createStreamExtractor: () => {
          let events = 0;
          return {
            processChunk: (chunk) => {
              if ((chunk as { glore?: { event?: unknown } }).glore?.event) events++;
            },
            buildMetadata: () => ({ glore: { events } }),
          };
        },
      },
    });

  it('generates, with the extension in its metadata', async () => {
    const { text, usage, providerMetadata, finishReason } = await generateText({
      model: provider().chatModel('glore'),
      prompt: first,
      providerOptions: { glore: { glore: { mode: 'gate', tau: 1 } } },
    });
    expect(text).toMatch(/#### \d+$/);
    expect(finishReason).toBe('stop');
    expect(usage.inputTokens).toBe(served.codec.prompt(first).length);
    expect(providerMetadata?.glore).toMatchObject({ mode: 'gate', choice: expect.any(Number) });
  });

  it('streams, and notices nothing of the events but in the metadata', async () => {
    const { text } = await generateText({ model: provider().chatModel('glore'), prompt: second });
    const result = streamText({ model: provider().chatModel('glore'), prompt: second });
    let streamed = '';
    for await (const part of result.textStream) streamed += part;
    expect(streamed).toBe(text);
    expect((await result.usage).outputTokens).toBeGreaterThan(0);
    expect((await result.providerMetadata)?.glore).toEqual({ events: expect.any(Number) });
  });

  it('completes, and passes tools through', async () => {
    const completed = await generateText({
      model: provider().completionModel('student'),
      prompt: first,
      seed: 1,
      maxOutputTokens: 20,
    });
    expect(completed.text.length).toBeGreaterThan(0);
    const withTools = await generateText({
      model: provider().chatModel('glore'),
      prompt: first,
      tools: { add: tool({ inputSchema: z.object({ a: z.number() }), execute: async () => 1 }) },
    });
    expect(withTools.toolCalls).toEqual([]);
    expect(withTools.providerMetadata?.glore).not.toHaveProperty('choice');
  });
});

describe('errors', () => {
  const good = { model: 'student', prompt: '<|bos|>Hello' };
  const refused: [string, object, string, string][] = [
    ['a missing prompt', { prompt: undefined }, 'prompt', 'invalid_value'],
    ['an empty prompt', { prompt: '' }, 'prompt', 'context_length_exceeded'],
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
    ['too few seeds', { n: 2, seeds: [1] }, 'seeds', 'invalid_value'],
    ['too many choices', { n: 1000, prompt: Array(9).fill('<|bos|>') }, 'n', 'invalid_value'],
  ];
  it.each(refused)('say what is wrong with %s', async (_, change, param, code) => {
    const response = await post('/v1/completions', { ...good, ...change });
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
    const response = await post('/v1/completions', {
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
    expect((await post('/v1/embeddings', {})).status).toBe(404);
    const bad = await post('/v1/completions', {});
    expect(bad.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(bad.headers.get('content-type')).toBe('application/json');
    expect(await (await post('/v1/completions', '{"model"')).json()).toMatchObject({
      error: { code: 'invalid_json' },
    });
    expect((await post('/v1/completions', good, { 'content-type': 'text/plain' })).status).toBe(
      415,
    );
    const large = await startForTest({ maxBody: 1000 });
    await expect(
      large.client.completions.create({ ...good, prompt: 'x'.repeat(2000) }),
    ).rejects.toMatchObject({ status: 413, code: 'body_too_large' });
  });
});

describe('limits', () => {
  it('lets in who has the key', async () => {
    const server = await startForTest({ key: 'sesame' });
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
    await expect(start({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'key-missing' });
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
    const server = await startForTest({ parallel: 1, queue: 0 });
    const abort = new AbortController();
    const stream = await server.client.completions.create(
      { ...endless, stream: true },
      { signal: abort.signal },
    );
    for await (const _ of stream) break;
    const busy = await startForTest({ parallel: 1, queue: 0 });
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
    const server = await startForTest({ timeout: 0.05 });
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
    const server = await startForTest({});
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
    expect(await logged(server.logs, 499)).toMatchObject({
      path: '/v1/completions',
      error: 'client_closed',
    });
    const metrics = await metricsOf(server);
    expect(metrics).toContain('glore_requests_running 0\n');
    expect(metrics).toMatch(/glore_requests_total\{.*status="499"\} 1\n/);
  });
});

describe('the end', () => {
  it('waits for what is in flight, and takes nothing more', async () => {
    const server = await start();
    const stream = await server.client.completions.create({
      ...endless,
      n: 1,
      max_tokens: 100,
      stream: true,
    });
    const parts = stream[Symbol.asyncIterator]();
    let text = (await parts.next()).value!.choices[0]!.text;
    const closed = server.running.close(60);
    await expect(server.client.models.list()).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
    let finish: string | null = null;
    for (let part = await parts.next(); !part.done; part = await parts.next()) {
      text += part.value.choices[0]!.text;
      finish = part.value.choices[0]!.finish_reason ?? finish;
    }
    expect(finish).toBe('length');
    expect(text.length).toBeGreaterThan(20);
    await closed;
    expect(server.logs).toMatchObject([{ status: 200 }]);
  });

  it('cuts off what does not end in time, and says so', async () => {
    const server = await start();
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
    const folder = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
    const failing = await openBaseModel(folder, { workers: 1 });
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
    expect(logs[0]!.cause).toContain('closed');
    expect(await health()).toEqual({ status: 'failed' });
  });
});

describe('what is counted and logged', () => {
  it('says much of a request and nothing of its text', async () => {
    const server = await startForTest({});
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
        promptTokens: served.codec.prompt(first).length,
        generatedTokens: expect.any(Number),
        choices: 1,
        finish: [expect.any(String)],
        sources: [expect.stringMatching(/^(draft|global|local)$/)],
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
  });

  it('shows requests where that was asked for', async () => {
    const server = await startForTest({ logPrompts: true });
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
