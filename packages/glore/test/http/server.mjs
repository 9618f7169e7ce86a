/**
 * A completion server in a process of its own: `node server.mjs '{...}'` prints its port. It answers like servers do that
 * exist, is wrong in the ways that they are wrong, and gives the same answer to the same prompt and seed.
 *
 * Options: `port`; `models`: names to checkpoint folders, or to null for answers worked out from a hash; `tokenizer`:
 * folder of the tokenizer; `ignores`, `refuses`: fields and features it does not know; `faults`: what happens to the
 * requests for completions, in turn ("ok" where nothing does), at most `times` to the same one; `key`: the key it wants;
 * `delay`: milliseconds to an answer; `caches`: says how much of a prompt it has read before; `deaf`: values and
 * log-probabilities are those of the prompt's first token, whatever follows; `ids`: log-probabilities come in the form of
 * chat with ids, and special tokens have no text, as llama.cpp has it; `lies`: what is wrong with answers that look right, see
 * lies.mjs; `lora`: checkpoints are loaded while it runs, as vLLM loads adapters; `pace`: milliseconds between the events of a
 * stream; `alone`: it does not end with the process that has started it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { loadCheckpoint, Model, openTokenizer } from '@glore/engine';
import { liar } from './lies.mjs';

const options = JSON.parse(process.argv[2] ?? '{}');
const { models = { scripted: null }, ignores = [], refuses = [], faults = [] } = options;
const { times = Number.POSITIVE_INFINITY, key, delay = 0, caches, deaf, ids: withIds } = options;
const { pace = 0 } = options;
const lie = liar(options.lies);
const ignored = new Set(ignores);
const refused = new Set(refuses);

const tokenizer = options.tokenizer
  ? openTokenizer(readFileSync(join(options.tokenizer, 'tokenizer.json'), 'utf8'))
  : undefined;
const eos = tokenizer?.id('<|eos|>');
const opened = new Map();
async function open(name, folder) {
  const checkpoint = await loadCheckpoint(folder);
  opened.set(name, {
    model: await Model.open(checkpoint, { workers: 1 }),
    size: checkpoint.config.vocabSize,
  });
}
for (const [name, folder] of Object.entries(models)) if (folder !== null) await open(name, folder);

const stats = { requests: 0, answered: 0, choices: 0, seen: {}, most: 0 };
let inFlight = 0;
let turn = 0;
const tries = new Map();

const server = createServer(async (request, response) => {
  inFlight++;
  stats.most = Math.max(stats.most, inFlight);
  response.on('close', () => {
    inFlight--;
  });
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  const path = new URL(request.url, 'http://local').pathname;
  try {
    if (path === '/stats') return json(response, 200, stats);
    if (key && request.headers.authorization !== `Bearer ${key}`) {
      const given = request.headers.authorization?.slice('Bearer '.length);
      return json(response, 401, { error: { message: `Incorrect API key provided: ${given}.` } });
    }
    if (refused.has(path)) return json(response, 404, { detail: 'Not Found' });
    if (path === '/v1/models') {
      return json(response, 200, {
        object: 'list',
        data: Object.keys(models).map((id) => ({ id, object: 'model' })),
      });
    }
    const body = JSON.parse(text);
    if (options.lora && path.endsWith('load_lora_adapter')) {
      const { lora_name: name, lora_path: folder } = body;
      const loads = path === '/v1/load_lora_adapter';
      if (loads === name in models) return json(response, 400, { error: { message: name } });
      // An adapter that is loaded by its name alone is its base.
      const own = ignored.has('lora_path') ? Object.values(models)[0] : folder;
      if (loads) await open(name, own);
      if (loads) models[name] = folder;
      else delete models[name];
      return response.end(`Success: LoRA adapter '${name}' ${loads ? 'added' : 'removed'}.`);
    }
    for (const field of refused) {
      if (field in body) {
        return json(response, 400, { error: { message: `Unrecognized argument: ${field}` } });
      }
    }
    for (const field of ignored) delete body[field];
    if (!(body.model in models)) {
      return json(response, 404, { error: { message: `The model ${body.model} does not exist.` } });
    }
    const handler = handlers[path];
    if (!handler) return json(response, 404, { detail: 'Not Found' });
    stats.requests++;
    const asked = (tries.get(text) ?? 0) + 1;
    tries.set(text, asked);
    const fault = faults.length > 0 && asked <= times ? faults[turn++ % faults.length] : 'ok';
    if (await misbehave(fault, response, () => handler(body), body)) return;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    const answer = lie(path, body, await handler(body));
    stats.answered++;
    stats.choices += answer.choices?.length ?? 0;
    const seen = JSON.stringify([path, body.prompt ?? body.messages, body.seed ?? null]);
    const name = createHash('sha256').update(seen).digest('hex').slice(0, 16);
    stats.seen[name] = (stats.seen[name] ?? 0) + 1;
    if (body.stream) await stream(response, answer, body);
    else json(response, 200, answer);
  } catch (error) {
    json(response, error.status ?? 500, { error: { message: error.message } });
  }
});

/** Answers wrongly if the fault says so. */
async function misbehave(fault, response, right, asked) {
  const body = async () => Buffer.from(JSON.stringify(await right()));
  switch (fault) {
    case 'ok':
      return false;
    case '429':
      response.setHeader('retry-after', '0.05');
      json(response, 429, { error: { message: 'Rate limit reached' } });
      return true;
    case '503':
      json(response, 503, { error: { message: 'loading model' } });
      return true;
    case '500':
      json(response, 500, { error: { message: 'CUDA error' } });
      return true;
    case 'html':
      response.setHeader('content-type', 'text/html');
      response.end('<html><body><h1>502 Bad Gateway</h1></body></html>');
      return true;
    case 'json':
      response.end('{"choices": [{"text": "half a');
      return true;
    case 'shape':
      json(response, 200, { choices: [{ content: 'x' }] });
      return true;
    case 'empty':
      response.end();
      return true;
    case 'fewer':
      json(response, 200, { ...(await right()), choices: [] });
      return true;
    case 'aborted': {
      const answer = await right();
      for (const choice of answer.choices ?? []) choice.finish_reason = 'abort';
      json(response, 200, answer);
      return true;
    }
    case 'half': {
      const bytes = await body();
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
      return true;
    }
    case 'encoding':
      response.end(
        Buffer.from('{"choices":[{"text":"caf\xe9","finish_reason":"stop"}]}', 'latin1'),
      );
      return true;
    case 'reset':
      response.destroy();
      return true;
    case 'huge': {
      const chunk = Buffer.alloc(1 << 20, ' ');
      for (let i = 0; i < 80 && !response.destroyed; i++) {
        await new Promise((resolve) => response.write(chunk, resolve));
      }
      response.end();
      return true;
    }
    case 'torn':
    case 'undone':
    case 'garbled':
    case 'complaint':
      await stream(response, await right(), asked, fault);
      return true;
    case 'silence':
      return true;
    default:
      throw new Error(`no such fault: ${fault}`);
  }
}

/** An answer in pieces of a few characters, as events; the last of them wrong if `fault` says so. */
async function stream(response, { choices, usage }, { stream_options: also }, fault) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = async (event) => {
    const text = typeof event === 'string' ? event : JSON.stringify(event);
    await new Promise((sent) => response.write(`data: ${text}\n\n`, sent));
    if (pace > 0) await new Promise((resolve) => setTimeout(resolve, pace));
  };
  const pieces = choices.map((choice) => piecesOf(choice));
  for (let at = 0; pieces.some(({ length }) => at < length); at++) {
    for (const own of pieces) if (own[at]) await send({ choices: [own[at]] });
    if (at < 2) continue;
    if (fault === 'torn') return response.destroy();
    if (fault === 'undone') return response.end();
    if (fault === 'garbled') return response.end('data: {"choices": [{"index": 0, "te\n\n');
    if (fault === 'complaint') return response.end('data: {"error": {"message": "CUDA"}}\n\n');
  }
  if (also?.include_usage) await send({ choices: [], usage });
  await send('[DONE]');
  response.end();
}

/** The chunks of a choice; the ids of its tokens come with whichever piece. */
function piecesOf({ index, text, message, finish_reason, token_ids: ids }) {
  const parts = (text ?? message.content).match(/.{1,5}/gs) ?? [''];
  return [...parts, ''].map((part, at) => ({
    index,
    finish_reason: at === parts.length ? finish_reason : null,
    ...(message ? { delta: { content: part } } : { text: part }),
    ...(ids && { token_ids: at === 0 ? ids.slice(0, 1) : at === 1 ? ids.slice(1) : [] }),
  }));
}

const handlers = {
  '/v1/completions': async (body) => {
    const ids = idsOf(body.prompt);
    const choices = await choicesOf(body, ids);
    if (withIds) for (const choice of choices) if (choice.logprobs) spellWithIds(choice);
    return { object: 'text_completion', choices, usage: usage(ids, choices) };
  },
  '/v1/chat/completions': async (body) => {
    const begun = body.continue_final_message ? body.messages.at(-1).content : undefined;
    const turns = begun === undefined ? body.messages : body.messages.slice(0, -1);
    const text = `${turns.map(({ content }) => content).join('\n')}\n${begun ?? ''}`;
    const ids = idsOf(text);
    // A turn costs tokens of its own.
    const extra = begun === undefined ? 5 * body.messages.length : 5 * turns.length;
    const choices = (await choicesOf(body, ids)).map(({ text: content, logprobs, ...choice }) => ({
      ...choice,
      message: { role: 'assistant', content },
      ...(logprobs && { logprobs: asChat(logprobs) }),
    }));
    return { choices, usage: usage([...ids, ...Array(extra).fill(0)], choices) };
  },
  '/tokenize': ({ prompt }) => ({ tokens: idsOf(prompt), count: idsOf(prompt).length }),
  '/pooling': async ({ model, input }) => {
    const ids = idsOf(input);
    return { data: [{ index: 0, data: await judgedAt(model, ids) }] };
  },
  '/classify': async ({ model, input, messages }) => ({
    data: [
      {
        index: 0,
        probs: await judged(model, idsOf(input ?? messages.at(-1).content)),
        num_classes: 2,
      },
    ],
  }),
  '/generative_scoring': async ({ model, query, items, label_token_ids: labels }) => {
    const data = await Promise.all(
      items.map(async (item, index) => {
        const all = await nextOf(model, [...idsOf(query), ...idsOf(item)]);
        const [first, ...others] = labels.map((id) => Math.exp(all.get(id) ?? -50));
        return { index, score: first / (first + others.reduce((sum, p) => sum + p, 0)) };
      }),
    );
    return { data };
  },
};

function idsOf(prompt) {
  if (Array.isArray(prompt)) {
    if (refused.has('ids')) throw Object.assign(new Error('prompt must be text'), { status: 400 });
    return prompt;
  }
  return tokenizer ? tokenizer.encode(prompt) : [...Buffer.from(prompt)];
}

async function choicesOf(body, ids) {
  const { n = 1, logprobs, top_logprobs: top } = body;
  const wanted = top ?? (typeof logprobs === 'number' ? logprobs : 0);
  const next =
    wanted > 0
      ? likeliest(await nextOf(body.model, ids), wanted, body.logprob_token_ids)
      : undefined;
  return Promise.all(
    Array.from({ length: n }, async (_, index) => {
      const { tokens, text, finish } = await continued(body, ids, index);
      return {
        index,
        text,
        finish_reason: finish,
        ...(body.return_token_ids && tokens && { token_ids: tokens }),
        ...(next && { logprobs: { top_logprobs: [next] } }),
      };
    }),
  );
}

async function continued(body, ids, index) {
  const { model, seed = Math.floor(Math.random() * 2 ** 31), max_tokens: maxTokens } = body;
  const temperature = body.temperature ?? 1;
  const real = opened.get(model)?.model;
  if (!real) return scripted(ids, temperature === 0 ? 0 : seed + index, maxTokens);
  const { completions } = await real.generate({
    contexts: [{ tokens: ids, branches: [{ length: ids.length, seed: seed + index }] }],
    temperature,
    maxTokens,
    stop: [eos],
  });
  const [[{ tokens, finish }]] = completions;
  return { tokens, text: tokenizer.decode(tokens.filter((id) => id !== eos)), finish };
}

/** A short solution that follows from the prompt and the seed. */
function scripted(ids, seed, maxTokens) {
  const hash = createHash('sha256')
    .update(JSON.stringify([ids, seed]))
    .digest();
  const steps = Array.from({ length: 1 + (hash[0] % 3) }, (_, i) => {
    const [a, b] = [hash[2 * i + 1], hash[2 * i + 2]];
    return `Step ${i + 1} makes ${a}+${b}=${a + b}.\n`;
  });
  const text = `${steps.join('')}#### ${hash[9] % 10}`;
  const tokens = tokenizer ? [...tokenizer.encode(text), eos] : undefined;
  const length = tokens?.length ?? text.length;
  if (length <= maxTokens) return { tokens, text, finish: 'stop' };
  if (!tokens) return { text: text.slice(0, maxTokens), finish: 'length' };
  const cut = tokens.slice(0, maxTokens);
  return { tokens: cut, text: tokenizer.decode(cut), finish: 'length' };
}

/** Log-probabilities of the next token by id. */
async function nextOf(model, prompt) {
  const ids = deaf ? prompt.slice(0, 1) : prompt;
  const real = opened.get(model);
  if (!real) {
    const p = 0.05 + (0.9 * createHash('sha256').update(JSON.stringify(ids)).digest()[0]) / 255;
    const [plus, minus] = [tokenizer.id('<|+|>'), tokenizer.id('<|-|>')];
    return new Map([
      [plus, Math.log(0.98 * p)],
      [minus, Math.log(0.98 * (1 - p))],
      [eos, Math.log(0.02)],
    ]);
  }
  const labels = Array.from({ length: real.size }, (_, id) => id);
  const items = [{ tokens: ids, positions: [ids.length - 1] }];
  const [[all]] = await real.model.score({ items, labels });
  return new Map(all.map((logprob, id) => [id, logprob]));
}

const likeliest = (all, count, wanted) =>
  Object.fromEntries(
    (wanted
      ? wanted.map((id) => [id, all.get(id) ?? -50])
      : [...all].sort(([, a], [, b]) => b - a).slice(0, count)
    ).map(([id, logprob]) => [tokenizer.decode([id]), logprob]),
  );

const tags = () => ['<|+|>', '<|-|>'].map((token) => tokenizer.id(token));

const asRow = ([plus, minus]) => {
  const [p, q] = [Math.exp(plus), Math.exp(minus)];
  return [q / (p + q), p / (p + q)];
};

async function judged(model, ids) {
  const all = await nextOf(model, ids);
  return asRow(tags().map((tag) => all.get(tag)));
}

/** After each token, all of them in one go where a model reads them. */
async function judgedAt(model, ids) {
  const real = opened.get(model);
  if (!real || deaf) return Promise.all(ids.map((_, at) => judged(model, ids.slice(0, at + 1))));
  const items = [{ tokens: ids, positions: ids.map((_, at) => at) }];
  const [rows] = await real.model.score({ items, labels: tags() });
  return rows.map(asRow);
}

const asChat = ({ top_logprobs: [first] }) => ({
  content: [
    { top_logprobs: Object.entries(first).map(([token, logprob]) => ({ token, logprob })) },
  ],
});

const idOf = (text) => (text.startsWith('<|') ? tokenizer.id(text) : tokenizer.encode(text)[0]);

function spellWithIds(choice) {
  const [first] = choice.logprobs.top_logprobs;
  const top_logprobs = Object.entries(first).map(([text, logprob]) => ({
    id: idOf(text),
    token: text.startsWith('<|') ? '' : text,
    logprob,
  }));
  choice.logprobs = { content: [{ ...top_logprobs[0], top_logprobs }] };
}

const read = new Set();

/** Tokens of a prompt that was asked before. */
function cachedOf(ids) {
  const prompt = ids.join();
  const cached = read.has(prompt) ? ids.length - 1 : 0;
  read.add(prompt);
  return { prompt_tokens_details: { cached_tokens: cached } };
}

const usage = (ids, choices) => ({
  prompt_tokens: ids.length,
  ...(caches && cachedOf(ids)),
  completion_tokens: choices.reduce(
    (sum, { token_ids: tokens, text, message }) =>
      sum + (tokens?.length ?? idsOf(text ?? message.content).length + 1),
    0,
  ),
});

function json(response, status, value) {
  response.setHeader('content-type', 'application/json');
  response.statusCode = status;
  response.end(JSON.stringify(value));
}

server.keepAliveTimeout = 60_000;
server.listen(options.port ?? 0, '127.0.0.1', () => {
  process.stdout.write(`${server.address().port}\n`);
});
// Ends with whoever started it.
if (!options.alone) process.stdin.on('end', () => process.exit()).resume();
