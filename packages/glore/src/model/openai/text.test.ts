/** Completions of a server on this machine, read as solutions. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractAnswer } from '../../reading/index.js';
import { Endpoint } from './endpoint.js';
import { templateOf } from './template.js';
import { ServedText } from './text.js';

/** What the server writes next, and why it ends. */
let next: object = { text: '', finish_reason: 'stop' };
/** What it was asked last. */
let asked = '';
let server: Server;
let endpoint: Endpoint;
let model: ServedText;
beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      asked = Buffer.concat(parts).toString();
      response.setHeader('content-type', 'application/json');
      const usage = { prompt_tokens: 5, completion_tokens: 50 };
      response.end(JSON.stringify({ choices: [{ index: 0, ...next }], usage }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  endpoint = new Endpoint({ name: 'test', url: `http://127.0.0.1:${port}/v1` });
  const template = templateOf('student', 'completions');
  const options = {
    model: 'any',
    api: 'completions',
    template,
    scoring: 'logprobs',
    positive: 1,
  } as const;
  model = new ServedText(endpoint, {}, options);
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

async function draft(text: string, finished = true) {
  next = { text, finish_reason: finished ? 'stop' : 'length' };
  const task = { role: 'student', question: 'How many?', steps: [] } as const;
  const branches = [{ kept: 0, seed: 1 }];
  const [[written]] = (await model
    .author()
    .write([{ task, branches }], { temperature: 1, maxTokens: 50 })) as [[unknown]];
  return written;
}

describe('a draft of a served model', () => {
  it.each([
    [
      '<think>\nI carry one.\nSo 52.\n</think>\n\nMia has 37+15=52.\n#### 52',
      ['Mia has 37+15=52.'],
      '52',
    ],
    ['#### Step 1\nMia has 37+15=<<37+15=52>>52.\n#### 52', ['Step 1', 'Mia has 37+15=52.'], '52'],
    ['Mia has 37+15=52.\n**#### 52**', ['Mia has 37+15=52.'], '52'],
    ['Mia has 52.\n#### 52\n\nQuestion: Bo has 2 and 5.\n#### 7', ['Mia has 52.'], '52'],
    ['Mia has 52.\n#### 50\nWait.\n#### 52', ['Mia has 52.', '50', 'Wait.'], '52'],
    ['So \\boxed{52}.', ['So \\boxed{52}.'], '52'],
    ['Mia has 37+15=52.', ['Mia has 37+15=52.'], null],
  ])('of %j has the steps and the answer that a grader finds', async (text, steps, answer) => {
    expect(await draft(text)).toEqual({ steps, answer, tokens: 50 });
    const found = extractAnswer(text);
    expect(found?.how === 'last-number' ? null : found?.value).toBe(answer);
  });

  it('that was cut off has none of what it thought, and no line that was not finished', async () => {
    expect(await draft('<think>\nSo 52.\nOr', false)).toEqual({
      steps: [],
      answer: null,
      tokens: 50,
    });
    expect(await draft('<think>\nSo 52.\n</think>\nMia has 52.\nThe ans', false)).toEqual({
      steps: ['Mia has 52.'],
      answer: null,
      tokens: 50,
    });
  });
});

it('a critic without log-probabilities that says no verdict keeps the reason and its cure', async () => {
  const { port } = server.address() as AddressInfo;
  const endpoint = new Endpoint({ name: 'test', url: `http://127.0.0.1:${port}/v1` });
  const critic = new ServedText(
    endpoint,
    { logprobs: 0 },
    {
      model: 'any',
      api: 'chat',
      template: templateOf('orm', 'chat'),
      scoring: 'logprobs',
      positive: 1,
    },
  ).critic();
  next = { text: 'Hm', finish_reason: 'stop', message: { content: 'Hm' } };
  const solution = { steps: ['Mia has 52.'], answer: '52' };
  await expect(critic.value([{ question: 'How many?', solution }])).rejects.toMatchObject({
    code: 'labels-uncovered',
    message: expect.stringMatching(
      /^model any: expected a verdict, found none of .* at the beginning of 5 answers; correct the role's prompt or its labels/,
    ),
  });
  await endpoint.close();
});

it.each(['completions', 'chat'] as const)(
  'a refiner of %s that solves without a draft is asked as a student',
  async (api) => {
    for (const role of ['global', 'local'] as const) {
      const template = templateOf(role, api);
      const options = { model: 'any', api, template, scoring: 'logprobs', positive: 1 } as const;
      const content = api === 'chat' ? { message: { content: '#### 7' } } : { text: '#### 7' };
      next = { ...content, finish_reason: 'stop' };
      const task = { role: 'student', question: 'How many?', steps: [] } as const;
      await new ServedText(endpoint, {}, options)
        .author()
        .write([{ task, branches: [{ kept: 0, seed: 1 }] }], { temperature: 0, maxTokens: 50 });
      const body = JSON.parse(asked);
      expect(api === 'chat' ? body.messages.at(-1).content : body.prompt).toBe(
        templateOf('student', api).prompt.replace('{question}', 'How many?'),
      );
    }
  },
);
