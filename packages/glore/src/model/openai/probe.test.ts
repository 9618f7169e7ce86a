import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Endpoint } from './endpoint.js';
import { probeText } from './open.js';
import { probe } from './probe.js';

/**
 * What vLLM 0.32 answers: a request with `logprob_token_ids`, or one for generative scoring, has what it asks for, and all
 * others that are in its batch get a list of the drawn token and of one without a log-probability, whatever they ask for.
 */
it('does not ask for a list and for labels by id in one batch', async () => {
  const flying = new Set<object>();
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString('utf8'));
    flying.add(body);
    // What comes together is worked on together.
    await sleep(50);
    const mixed = [...flying].some((one) => 'logprob_token_ids' in one || 'items' in one);
    flying.delete(body);
    response.setHeader('content-type', 'application/json');
    if ('items' in body) return response.end('{"data":[{"index":0,"score":0.5}]}');
    const ids: number[] | undefined = body.logprob_token_ids;
    const others = ids
      ? ids.map((id) => ({ token: `<${id}>`, logprob: -26 }))
      : mixed
        ? [{ token: '<|endoftext|>', logprob: -9999 }]
        : Array.from({ length: body.top_logprobs - 1 }, (_, i) => ({
            token: `t${i}`,
            logprob: -3 - i,
          }));
    const top_logprobs = [{ token: 'M', logprob: -1.2588218450546265 }, ...others];
    response.end(
      JSON.stringify({
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: 'M' },
            logprobs: { content: [{ token: 'M', logprob: -1.2588218450546265, top_logprobs }] },
            finish_reason: 'length',
          },
        ],
        usage: { prompt_tokens: 52, completion_tokens: 1, prompt_tokens_details: null },
      }),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const endpoint = new Endpoint({ name: 'vllm', url: `http://127.0.0.1:${port}/v1` });
  try {
    const options = { model: 'small', api: 'chat', text: probeText } as const;
    const wanted = [
      ...(['chat', 'generativeScoring', 'labelLogprobs', 'logprobs', 'prefixCache'] as const),
    ];
    const { can } = await probe(endpoint, options, wanted);
    expect(can).toEqual({
      ...{ chat: true, generativeScoring: true, labelLogprobs: true },
      ...{ logprobs: 20, prefixCache: null },
    });
  } finally {
    await endpoint.close();
    server.close();
  }
});

/** What vLLM 0.32 does with adapters: log-probabilities of a prompt, beside another request, are its end. */
it('does not ask for the log-probabilities of a prompt beside anything else', async () => {
  let flying = 0;
  let gone = false;
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString('utf8'));
    flying++;
    await sleep(body.n > 1 ? 500 : 20);
    gone ||= 'prompt_logprobs' in body && flying > 1;
    flying--;
    if (gone) return response.destroy();
    response.setHeader('content-type', 'application/json');
    if (request.url === '/tokenize') return response.end('{"tokens":[3,4,5,6]}');
    if ('prompt_logprobs' in body) return response.writeHead(400).end('{}');
    const top_logprobs = [{ token: 'M', logprob: -0.1 }];
    const logprobs = { content: [{ top_logprobs }] };
    const message = { role: 'assistant', content: 'M' };
    const choice = { index: 0, message, text: 'M', logprobs, finish_reason: 'length' };
    const choices = Array.from({ length: body.n ?? 1 }, (_, index) => ({ ...choice, index }));
    response.end(JSON.stringify({ choices, usage: { prompt_tokens: 4 } }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const endpoint = new Endpoint({ name: 'vllm', url: `http://127.0.0.1:${port}/v1`, patience: 0 });
  try {
    const options = { model: 'small', api: 'chat', text: probeText } as const;
    const { can } = await probe(endpoint, options, ['chat', 'n', 'promptLogprobs', 'extensions']);
    expect(gone).toBe(false);
    expect(can).toMatchObject({ chat: true, extensions: true, promptLogprobs: false });
  } finally {
    await endpoint.close();
    server.close();
  }
});
