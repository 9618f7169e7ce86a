/** Any server refined: what is asked of it, what passes through, what an answer may cost, and what is left when it fails. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { openUpstream, refine } from '../../src/doors/glore.js';
import { type HostUpstreamOptions, hostUpstream, startService } from '../../src/serve/index.js';
import { glore } from '../glore.js';
import { type Asked, completion, type RawAnswer, RawServer, streaming } from './raw.js';

const open: { stop?(): Promise<void>; close?(seconds: number): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await (one.stop?.() ?? one.close?.(0));
});

const question = 'Mia has 37 stamps. She buys 15 more. How many stamps does she have?';
const right = 'She has 37 and buys 15:\n\\[\n37 + 15 = 52\n\\]\n\nThat makes 52 stamps.\n\n#### 52';
const wrong = 'She has 37 stamps.\n\nShe buys 15, which makes 37 - 15 = 22.\n\n#### 22';

interface Script {
  /** By how many solutions were asked for before. */
  readonly solutions?: readonly string[];
  /** Probability that an answer is right. */
  readonly right?: (asked: Asked) => number;
  /** What is answered before anything else is looked at. */
  readonly first?: (asked: Asked) => RawAnswer | undefined;
}

const promptOf = ({ body }: Asked): string =>
  ((body.messages as { content: string }[] | undefined) ?? [])
    .map(({ content }) => content)
    .join('\n');

/** The first wrong step of what is to be judged, which comes last in a prompt. */
const firstWrong = (prompt: string): number => {
  const judged = prompt.slice(prompt.lastIndexOf('Question:'));
  if (judged.includes('The answer is 52')) return 0;
  return judged.includes('Step 2:') ? 2 : 1;
};

/** A server with one model, which says what is written out. */
async function model(script: Script = {}) {
  const { solutions = [wrong, right], right: chance = () => 0.5 } = script;
  const work: Asked[] = [];
  const server = await RawServer.start((asked) => {
    const { path, body } = asked;
    const found = script.first?.(asked);
    if (found) return found;
    if (path === '/v1/models') return { body: { object: 'list', data: [{ id: 'm' }] } };
    const prompt = promptOf(asked);
    const usage = { prompt_tokens: 100, completion_tokens: 10 };
    const listed = (chances: Record<string, number>): RawAnswer => {
      const top_logprobs = Object.entries(chances).map(([token, p]) => ({
        token,
        logprob: Math.log(p),
      }));
      return {
        body: {
          usage,
          choices: [
            {
              index: 0,
              finish_reason: 'length',
              message: { content: 'x' },
              logprobs: { content: [{ top_logprobs }] },
            },
          ],
        },
      };
    };
    const isOwn = prompt.includes('Reason step by step');
    if (prompt.includes('First wrong step:') || prompt.includes('Yes or No')) {
      work.push(asked);
      if (prompt.includes('Yes or No')) {
        const p = chance(asked);
        return listed({ Yes: 0.9 * p, No: 0.9 * (1 - p) });
      }
      const at = firstWrong(prompt);
      return listed(
        Object.fromEntries(['0', '1', '2', '3'].map((n) => [n, n === `${at}` ? 0.85 : 0.05])),
      );
    }
    if (!isOwn) {
      if (body.logprobs) return listed({ a: 0.6, b: 0.4 });
      const hello = completion(path, 'Hello') as { body: object };
      return { body: { ...hello.body, usage } };
    }
    const { length } = work.filter((one) => promptOf(one).includes('Reason step by step'));
    work.push(asked);
    const text = solutions[Math.min(length, solutions.length - 1)]!;
    if (body.stream) return streaming(text, usage);
    const answer = completion(path, text) as { body: object };
    return { body: { ...answer.body, usage } };
  });
  open.push(server);
  return { server, work };
}

/** A server whose answers are written by hand. Returns its address. */
async function plainServer(
  answer: (text: string, request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    answer(text, request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  open.push({
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

/** What shows that a server is there, and that its model says something. */
const usual = JSON.stringify({
  data: [{ id: 'm' }],
  choices: [{ index: 0, finish_reason: 'stop', message: { content: 'x' } }],
});

async function serve(url: string, options: Partial<HostUpstreamOptions> = {}) {
  const running = await startService(() => hostUpstream({ url, patience: 1, ...options }), {
    port: 0,
  });
  open.push(running);
  const client = new OpenAI({
    baseURL: `${running.url}/v1`,
    apiKey: 'sk-clients-own',
    maxRetries: 0,
  });
  const post = (path: string, body: string) =>
    fetch(running.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer sk-clients-own' },
      body,
    });
  return { running, client, post };
}

interface Traced {
  readonly glore: {
    readonly mode: string;
    readonly decisions: {
      readonly location: number;
      readonly values: number[];
      readonly choice: number;
      readonly candidates: { readonly source: string; readonly solution: { steps: string[] } }[];
    }[];
    readonly costs: Record<string, { requests: number; promptTokens: number; seconds: number }>;
    readonly notes?: string[];
  };
}

const messages = [{ role: 'user' as const, content: question }];

describe('a vote', () => {
  it('gives the answer of most, as it was written, and says what it cost', async () => {
    const { server, work } = await model({ solutions: [wrong, right, right] });
    const { client, post } = await serve(server.url, { samples: 3 });
    const chat = await client.chat.completions.create({ model: 'glore', messages, seed: 1 });
    const { glore } = chat as typeof chat & Traced;
    expect(chat.choices[0]!.message.content).toBe(right);
    expect(chat.choices[0]!.finish_reason).toBe('stop');
    expect(glore.mode).toBe('vote');
    expect(glore.decisions[0]!.candidates.map(({ source }) => source)).toEqual([
      'draft',
      'sample',
      'sample',
    ]);
    expect(glore.costs).toEqual({
      student: {
        requests: 3,
        promptTokens: 300,
        completionTokens: 30,
        seconds: expect.any(Number),
      },
    });
    expect(chat.usage).toMatchObject({
      prompt_tokens: 300,
      completion_tokens: 30,
      completion_tokens_details: { reasoning_tokens: 20 },
    });
    expect(work.map(({ body }) => body.temperature)).toEqual([0, 0.7, 0.7]);
    // Every seed gives the same text on this server, so it is told none.
    expect(work.map(({ body }) => body.seed)).toEqual([undefined, undefined, undefined]);
    const again = await post('/v1/chat/completions', JSON.stringify({ model: 'm', messages }));
    expect(again.headers.get('x-glore')).toBe('refined');
  });

  it('draws no more than decides it', async () => {
    const { server, work } = await model({ solutions: [right] });
    const { client } = await serve(server.url, { samples: 5 });
    await client.chat.completions.create({ model: 'glore', messages });
    expect(work).toHaveLength(3);
  });

  it('is of up to 8, where nothing is said', async () => {
    const { server, work } = await model({
      solutions: [right, wrong, right, wrong, right, wrong, right, wrong],
    });
    const { client } = await serve(server.url);
    await client.chat.completions.create({ model: 'glore', messages });
    expect(work).toHaveLength(8);
  });

  it('streams its steps and then the text, blank lines too', async () => {
    const { server } = await model({ solutions: [wrong, right, right] });
    const { client } = await serve(server.url, { samples: 3 });
    const stream = await client.chat.completions.create({
      model: 'glore',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    const stages: string[] = [];
    let usage: unknown;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      const { glore } = chunk as { glore?: { event?: { stage: string } } };
      if (glore?.event) stages.push(glore.event.stage);
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(right);
    expect(stages).toEqual(['draft', 'sample', 'sample', 'choice']);
    expect(usage).toMatchObject({ completion_tokens: 30 });
  });

  it('keeps a draft that has no answer to be compared', async () => {
    const { server, work } = await model({ solutions: ['That depends on her mood.'] });
    const { client } = await serve(server.url);
    const chat = await client.chat.completions.create({ model: 'glore', messages });
    expect(chat.choices[0]!.message.content).toBe('That depends on her mood.');
    expect(work).toHaveLength(1);
  });
});

describe('refinement by prompt', () => {
  it('keeps the steps before the first wrong one as they were written, and goes on from there', async () => {
    const rest = 'She buys 15, which makes 37 + 15 = 52.\n\n#### 52';
    const { server, work } = await model({
      solutions: [wrong, wrong, rest],
      right: (asked) => (promptOf(asked).includes('#### 52') ? 0.9 : 0.2),
    });
    const { client } = await serve(server.url, { mode: 'rerank' });
    const chat = await client.chat.completions.create({ model: 'glore', messages });
    const { glore } = chat as typeof chat & Traced;
    expect(glore.decisions[0]).toMatchObject({ location: 2, choice: 2 });
    expect(glore.decisions[0]!.values[0]).toBeCloseTo(0.95);
    expect(glore.decisions[0]!.values[1]).toBeCloseTo(0.1);
    expect(chat.choices[0]!.message.content).toBe(`She has 37 stamps.\n${rest}`);
    // One request for all lines of a solution.
    expect(glore.costs.sorm!.requests).toBe(1 + 2);
    // The first time two answers, right and wrong, show whether the server reads what it is sent; then one for each candidate.
    expect(glore.costs.orm!.requests).toBe(2 + 3);
    const local = work.find(({ body }) => body.continue_final_message === true)!;
    expect(local.body.messages).toMatchObject([
      { role: 'user', content: expect.stringContaining('which makes 37 - 15 = 22.') },
      { role: 'assistant', content: 'She has 37 stamps.\n' },
    ]);
    const asked = work.map(promptOf).join('\n');
    expect(asked).not.toMatch(/\[BAD\]|#### 42/);
  });

  it('is told line by line where a stream asks for that, and no server is asked to stream else', async () => {
    const rest = 'She buys 15, which makes 37 + 15 = 52.\n\n#### 52';
    const { server, work } = await model({
      solutions: [wrong, wrong, rest],
      right: (asked) => (promptOf(asked).includes('#### 52') ? 0.9 : 0.2),
    });
    const { client } = await serve(server.url, { mode: 'rerank' });
    const ask = async (stream: boolean, lines: boolean) => {
      const chat = await client.chat.completions.create({
        ...{ model: 'glore', messages, stream, glore: { lines } },
      });
      const told: { stage: string; source?: string; text?: string; round: number }[] = [];
      if (!('choices' in chat)) {
        for await (const chunk of chat) {
          const { glore } = chunk as { glore?: { event?: (typeof told)[0] } };
          if (glore?.event) told.push(glore.event);
        }
      }
      const asked = work.splice(0).map(({ body }) => body.stream ?? false);
      return { told, asked };
    };
    for (const [stream, lines] of [
      [false, true],
      [true, false],
    ] as const) {
      const { told, asked } = await ask(stream, lines);
      expect(told.filter(({ stage }) => stage === 'writing')).toEqual([]);
      expect(asked).not.toContain(true);
    }
    const { told, asked } = await ask(true, true);
    expect(asked.filter((one) => one === true)).toHaveLength(3);
    const textsOf = (source: string) =>
      told.filter((one) => one.source === source).map(({ text }) => text);
    const kept = 'She has 37 stamps.';
    const second = 'She buys 15, which makes 37 - 15 = 22.';
    expect(textsOf('draft')).toEqual([kept, `${kept}\n\n${second}`, wrong]);
    expect(textsOf('local')).toEqual([
      `${kept}\nShe buys 15, which makes 37 + 15 = 52.`,
      `${kept}\n${rest}`,
    ]);
    expect(told.every(({ round }) => round === 1)).toBe(true);
  });

  it('leaves a draft alone that the gate lets pass', async () => {
    const { server, work } = await model({ right: () => 0.9 });
    const { client } = await serve(server.url, { mode: 'gate' });
    const chat = await client.chat.completions.create({ model: 'glore', messages });
    expect(chat.choices[0]!.message.content).toBe(wrong);
    expect(work.filter(({ body }) => !body.logprobs)).toHaveLength(1);
  });

  it('reads what the model says where the server has no log-probabilities', async () => {
    const { server } = await model({
      solutions: [wrong, right],
      first: (asked) => {
        if (!('logprobs' in asked.body) && !/wrong step:$|Yes or No/m.test(promptOf(asked))) return;
        const said = promptOf(asked).includes('Yes or No')
          ? promptOf(asked).includes('#### 52')
            ? 'Yes.'
            : 'No'
          : `Number ${firstWrong(promptOf(asked))}`;
        return completion(asked.path, said);
      },
    });
    const { client } = await serve(server.url, { mode: 'rerank' });
    const chat = await client.chat.completions.create({ model: 'glore', messages });
    const { glore } = chat as typeof chat & Traced;
    expect(glore.notes).toBeUndefined();
    expect(glore.decisions[0]!.location).toBe(2);
    expect(chat.choices[0]!.message.content).toBe(right);
  });

  it('gives the draft where the critic says nothing that can be read', async () => {
    const { server } = await model({
      first: (asked) =>
        /Yes or No/.test(promptOf(asked))
          ? completion(asked.path, 'x', {
              logprobs: { content: [{ top_logprobs: [{ token: 'Hm', logprob: -0.1 }] }] },
            })
          : undefined,
    });
    const { client } = await serve(server.url, { mode: 'rerank' });
    const chat = await client.chat.completions.create({ model: 'glore', messages });
    const { glore } = chat as typeof chat & Traced;
    expect(chat.choices[0]!.message.content).toBe(wrong);
    expect(glore.notes).toEqual([expect.stringMatching(/^orm: .*none of "Yes"/)]);
  });
});

it('hands system message and history to who answers, and fields of the sampler', async () => {
  const { server, work } = await model({ solutions: [wrong, right] });
  const { client } = await serve(server.url, { mode: 'rerank' });
  const before = [
    { role: 'system' as const, content: 'Answer like a pirate.' },
    { role: 'user' as const, content: 'Mia collects stamps.' },
    { role: 'assistant' as const, content: 'Arr.' },
  ];
  await client.chat.completions.create({
    model: 'glore',
    messages: [...before, ...messages],
    top_p: 0.5,
    max_tokens: 77,
  });
  const [draft] = work;
  expect(draft!.body).toMatchObject({ model: 'm', top_p: 0.5, max_tokens: 77, temperature: 0 });
  expect((draft!.body.messages as unknown[]).slice(0, 3)).toEqual(before);
  const critics = work.filter(
    ({ body }) => body.logprobs && promptOf({ body } as Asked).includes('Mia'),
  );
  for (const { body } of critics) {
    const said = JSON.stringify(body.messages);
    if (said.includes('37 stamps. She buys')) expect(said).not.toContain('pirate');
  }
  expect(JSON.stringify(work.map(({ body }) => body))).toContain('Arr.');
});

describe('what is no problem passes through untouched', () => {
  const chat = (more: object, content: unknown = question) =>
    JSON.stringify({
      temperature: 1.0,
      model: 'm',
      messages: [{ role: 'user', content }],
      ...more,
    });
  const reply =
    '{"id":"x",  "choices":[{"index":0,"message":{"content":"é"}}],"usage":{"prompt_tokens":7}}';

  it.each([
    ['tools', chat({ tools: [{ type: 'function', function: { name: 'f' } }] }), 'tools'],
    ['a JSON format', chat({ response_format: { type: 'json_object' } }), 'response_format'],
    [
      'an image',
      chat({}, [{ type: 'image_url', image_url: { url: 'data:' } }]),
      'content that is no text',
    ],
    ['several choices', chat({ n: 2 }), 'n'],
    ['log-probabilities', chat({ logprobs: true }), 'logprobs'],
    ['a talk', chat({}, 'Hello, who are you?'), 'nothing to check'],
    ['a text to be written', chat({}, 'Write a poem about 3 ducks.'), 'nothing to check'],
    ['another model', chat({ model: 'other' }), 'another model'],
  ])('%s', async (_, body, reason) => {
    const keys: (string | undefined)[] = [];
    const url = await plainServer((text, request, response) => {
      // Tests of what the server can do would fail at an answer that is none.
      const isMine = text === body;
      if (isMine) keys.push(request.headers.authorization);
      response.writeHead(isMine ? 207 : 200, {
        'content-type': 'application/json',
        'x-own': 'kept',
      });
      response.end(isMine ? reply : usual);
    });
    const { post } = await serve(url, { key: 'sk-upstream' });
    const response = await post('/v1/chat/completions', body);
    expect(keys).toEqual(['Bearer sk-upstream']);
    expect(response.status).toBe(207);
    expect(response.headers.get('x-own')).toBe('kept');
    expect(response.headers.get('x-glore')).toBe(`passed; ${reason}`);
    expect(await response.text()).toBe(reply);
  });

  it('other paths, and the refining model by its own name', async () => {
    const seen: Asked[] = [];
    const { server } = await model({
      first: (asked) => {
        if (asked.path === '/v1/responses?x=1') {
          seen.push(asked);
          return { status: 418, body: '{"short":"stout"}' };
        }
        if (JSON.stringify(asked.body).includes('who are you')) seen.push(asked);
        return undefined;
      },
    });
    const { post } = await serve(server.url);
    const response = await post('/v1/responses?x=1', '{"input":"hi"}');
    expect([response.status, await response.text()]).toEqual([418, '{"short":"stout"}']);
    const hello = { model: 'glore', messages: [{ role: 'user', content: 'Hello, who are you?' }] };
    await post('/v1/chat/completions', JSON.stringify(hello));
    expect(seen[1]!.body).toEqual({ ...hello, model: 'm' });
  });
});

describe('a budget is kept', () => {
  it('of tokens', async () => {
    const { server, work } = await model({ solutions: [wrong, right] });
    const { client } = await serve(server.url, { answerBudget: { tokens: 14 } });
    const chat = await client.chat.completions.create({ model: 'glore', messages });
    const { glore } = chat as typeof chat & Traced;
    // 10 of 14 are written by the draft.
    expect(work.map(({ body }) => body.max_tokens)).toEqual([14, 4]);
    expect(glore.notes).toEqual(['the budget of tokens is spent']);
  });

  it('of tokens, by as many whole samples as there is room for', async () => {
    const { server, work } = await model({ solutions: [right, wrong, right, wrong] });
    const { client } = await serve(server.url, { answerBudget: { tokens: 35 } });
    await client.chat.completions.create({ model: 'glore', messages });
    // Each is 10 tokens long: of the 25 that are left two are whole, and what is left then is too little for one.
    expect(work.map(({ body }) => body.max_tokens)).toEqual([35, 12, 12, 5]);
  });

  it('of seconds, by the request', async () => {
    const { server, work } = await model({ solutions: [wrong, right] });
    const { client } = await serve(server.url);
    const chat = await client.chat.completions.create({
      model: 'glore',
      messages,
      ...{ glore: { budget: { seconds: 0.0001 } } },
    });
    const { glore } = chat as typeof chat & Traced;
    expect(chat.choices[0]!.message.content).toBe(wrong);
    expect(work).toHaveLength(1);
    expect(glore.notes).toEqual(['the budget of seconds is spent']);
  });
});

it('ends what it asks for when the client leaves, refined or passed', async () => {
  const heard: string[] = [];
  let isOpen = false;
  const url = await plainServer((text, _, response) => {
    const isMine = text.includes('stamps') && text.includes('Mia') && isOpen;
    if (isMine) {
      // It never ends by itself.
      heard.push('begun');
      response.on('close', () => heard.push('left'));
      response.writeHead(200).write(' ');
      return;
    }
    response.end(usual);
  });
  const { running } = await serve(url);
  isOpen = true;
  const until = async (count: number) => {
    while (heard.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  for (const more of [{}, { tools: [{}] }]) {
    const abort = new AbortController();
    const asked = fetch(`${running.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', messages, ...more }),
      signal: abort.signal,
    });
    await until(heard.length + 1);
    abort.abort();
    await asked.then((response) => response.text()).catch(() => {});
    await until(2 * Math.ceil(heard.length / 2));
  }
  expect(heard).toEqual(['begun', 'left', 'begun', 'left']);
});

it('says by the way of OpenAI that the server is away, and nothing of keys', async () => {
  const { server } = await model();
  const { post } = await serve(server.url, { key: 'sk-upstream' });
  open.splice(open.indexOf(server), 1);
  await server.stop();
  const away = await post(
    '/v1/chat/completions',
    JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }),
  );
  expect(away.status).toBe(502);
  const said = await away.text();
  expect(JSON.parse(said)).toMatchObject({ error: { code: 'upstream', type: 'server_error' } });
  const refined = await post('/v1/chat/completions', JSON.stringify({ model: 'm', messages }));
  expect(refined.status).toBe(503);
  expect(said + (await refined.text())).not.toMatch(/sk-/);
});

it('is the same in code', async () => {
  const { server } = await model({ solutions: [wrong, right, right] });
  const upstream = await openUpstream({ url: server.url });
  try {
    const [decision] = await refine([question], upstream.roles, upstream.options);
    const { original, solution } = decision!.candidates[decision!.choice]!;
    expect(solution.answer).toBe('52');
    expect(original!.text).toBe(right);
    // What a block of LaTeX says belongs to the line that announces it.
    expect(solution.steps).toEqual([
      'She has 37 and buys 15: \\[ 37 + 15 = 52 \\]',
      'That makes 52 stamps.',
    ]);
  } finally {
    await upstream.close();
  }
});

describe('the command line', () => {
  it('asks over a server, with a critic and prompts of the user', async () => {
    const { server, work } = await model({ solutions: [wrong, right, right] });
    const folder = mkdtempSync(join(tmpdir(), 'glore-prompts-'));
    try {
      const prompts = join(folder, 'p');
      expect(await glore(['prompts', prompts])).toMatchObject({ code: 0 });
      expect(readdirSync(prompts).sort()).toEqual(
        ['global', 'local', 'orm', 'sorm', 'student'].map((role) => `${role}.yaml`),
      );
      const again = await glore(['prompts', prompts]);
      expect(again.stderr).toMatch(/expected no such file yet, found one; .* \(file-exists\)\n$/);
      const student = join(prompts, 'student.yaml');
      writeFileSync(student, 'prompt: "MINE {question} Reason step by step"\n');
      const over = ['ask', question, '--upstream', server.url, '--prompts', prompts];
      const asked = await glore([...over, '--samples', '3']);
      expect(asked.code).toBe(0);
      expect(asked.stdout).toContain('2 of 3');
      expect(asked.stdout).toMatch(/answer: 52\n$/);
      expect(promptOf(work[0]!)).toBe(`MINE ${question} Reason step by step`);
      writeFileSync(student, 'prompt: |-\n  {question} {lines}\n');
      const refused = await glore(over);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain(
        `${student}:1: prompt: expected a text with {question}, found {lines}`,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says why an answer is less than it could be, of files too', async () => {
    const { server } = await model({ solutions: [wrong, right, wrong, right] });
    const over = ['--upstream', server.url, '--budget', '14'];
    const asked = await glore(['ask', question, ...over]);
    expect(asked.code).toBe(0);
    expect(asked.stderr).toMatch(/(?:^|\n)the budget of tokens is spent\n$/);
    const row = JSON.stringify({ question });
    const file = await glore(['ask', '--file', '-', '--json', ...over], `${row}\n`);
    expect(file.code).toBe(0);
    expect(file.stderr).toContain('the budget of tokens is spent');
  });

  it('answers files over a server', async () => {
    const { server } = await model({ solutions: [right] });
    const row = JSON.stringify({ question, answer: '52' });
    const { code, stdout } = await glore(
      ['ask', '--file', '-', '--upstream', server.url],
      `${row}\n`,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout).glore).toMatchObject({ answer: '52', right: true, source: 'draft' });
  });

  it('refuses what goes together with nothing, and a key that is not there', async () => {
    const said = async (...args: string[]) => (await glore(args)).stderr;
    expect(await said('serve', '--budget', '5')).toContain("option '--budget <n>' is for a server");
    expect(await said('serve', 'runs/x', '--upstream', 'http://h/v1')).toContain('give one of');
    const badBudget = await said('serve', '--upstream', 'http://h/v1', '--budget', 'sk-secret');
    expect(badBudget).toContain('expected tokens (4000), seconds (30s) or both (4000,30s).');
    expect(badBudget).not.toContain('secret');
    expect(await said('ask', 'q', '--upstream', 'http://h/v1', '--rounds', '2')).toContain(
      "option '--rounds <n>' is for refinement",
    );
    expect(await said('ask', 'q', '--upstream', 'http://h/v1', '--key', 'NO_SUCH_KEY')).toContain(
      'environment variable NO_SUCH_KEY, found none',
    );
    expect(readFileSync(new URL('../../prompts/sorm.yaml', import.meta.url), 'utf8')).toContain(
      '{steps}',
    );
  });
});
