/** Completions heard while they are written: the same answers, and the same errors where there is none. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import { describe, expect, it } from 'vitest';
import { createCodec, renderSolution } from '../../src/codec/index.js';
import { openEmbedded, Student } from '../../src/model/index.js';
import { complete } from '../../src/model/openai/answers.js';
import { type Endpoint, openServed } from '../../src/model/openai/index.js';
import { base } from '../glore.js';
import { connect, ending, serve } from './opened.js';
import { RawServer } from './raw.js';

/** A server whose every answer is this text. */
async function says(body: string | Buffer, headers = {}): Promise<RawServer> {
  const server = await RawServer.start(() => ({
    headers: { 'content-type': 'text/event-stream; charset=utf-8', ...headers },
    body,
  }));
  return ending(server);
}

const text = { model: 'scripted', prompt: { text: 'Q' }, temperature: 1, maxTokens: 200, seed: 3 };
const chat = { ...text, prompt: { user: 'Q', begun: '' } };

/** An answer, and what is heard of it. */
async function heardOf(endpoint: Endpoint, asking: Parameters<typeof complete>[1]) {
  const heard: string[] = [];
  const answer = await complete(endpoint, {
    ...asking,
    hear: (choice) => heard.push(choice.text),
  });
  return { ...answer, heard };
}

/** The text up to each end of a line, and the whole. */
const linesOf = (whole: string): string[] => [
  ...[...whole.matchAll(/\n/g)].map(({ index }) => whole.slice(0, index + 1)),
  whole,
];

describe('what is heard', () => {
  it.each([
    ['completions', text],
    ['chat', chat],
  ])('is each line of the same answer, by %s, which costs the same', async (_, asking) => {
    const server = await serve();
    const [plain, streaming] = [connect(server), connect(server)];
    const expected = await complete(plain, asking);
    const { heard, ...answer } = await heardOf(streaming, asking);
    expect(answer).toEqual(expected);
    expect(heard).toEqual(linesOf(expected.choices[0]!.text));
    const { seconds: _seconds, ...spent } = plain.spent;
    expect(streaming.spent).toMatchObject(spent);
  });

  it('comes before the answer does', async () => {
    const endpoint = connect(await serve({ pace: 30 }));
    const times: number[] = [];
    await complete(endpoint, { ...text, hear: () => times.push(performance.now()) });
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(25);
  });

  it.each([
    ['takes one object', { ignores: ['stream'] }, []],
    ['refuses streams', { refuses: ['stream'] }, [/^endpoint test: .*for whole answers/]],
    ['refuses to count', { refuses: ['stream_options'] }, [/is asked without stream_options/]],
  ])('is at least the whole, where a server %s', async (_, options, notes) => {
    const said: string[] = [];
    const endpoint = connect(await serve(options), { onWait: (note) => said.push(note) });
    for (let i = 0; i < 2; i++) {
      const { heard, choices } = await heardOf(endpoint, text);
      expect(heard.at(-1)).toBe(choices[0]!.text);
    }
    expect(said).toEqual(notes.map((note) => expect.stringMatching(note)));
    expect(endpoint.spent.promptTokens).toBe(2);
  });

  it('is what the embedded student writes, where a server has its ids', async () => {
    const tokenizer = openTokenizer(readFileSync(join(base, 'tokenizer.json'), 'utf8'));
    const codec = createCodec(tokenizer);
    const here = await openEmbedded(await loadCheckpoint(base), 1);
    ending(here);
    const server = await serve({ models: { base }, tokenizer: base });
    const role = { model: 'base', api: 'completions', spelling: 'tokens' } as const;
    const there = await openServed(
      connect(server),
      'student',
      { ...role, scoring: 'logprobs', positive: 1 },
      tokenizer,
    );
    const question = 'Mia has 37 stamps. Mia buys 15 more. How many stamps does Mia have?';
    const heards = [here, there].map(() => [] as string[]);
    const drafts = await Promise.all(
      [here, there].map((model, i) =>
        new Student(model.author(codec), 100).draft([question], (index, text) => {
          expect(index).toBe(0);
          heards[i]!.push(text);
        }),
      ),
    );
    expect(drafts[1]).toEqual(drafts[0]);
    const [whole] = drafts[0]!;
    expect(whole!.steps.length).toBeGreaterThan(0);
    const lines = renderSolution(whole!).split('\n');
    const expected = lines.map((_, i) => lines.slice(0, i + 1).join('\n'));
    expect(heards).toEqual([expected, expected]);
  });
});

describe('a stream that breaks', () => {
  it.each(['torn', 'undone', 'garbled', 'complaint'])('is asked for again: %s', async (fault) => {
    const right = await complete(connect(await serve()), text);
    const server = await serve({ faults: [fault, 'ok'] });
    const { heard, choices } = await heardOf(connect(server), text);
    expect(choices).toEqual(right.choices);
    expect(heard.slice(-linesOf(choices[0]!.text).length)).toEqual(linesOf(choices[0]!.text));
    expect((await server.stats()).requests).toBe(2);
  });

  it.each([
    ['undone', 'endpoint-answer', /found a stream that ends without \[DONE\] in data: \{"choices/],
    ['garbled', 'endpoint-answer', /found an event that is no JSON in \{"choices".*\(2 attempts\)/],
    ['complaint', 'endpoint-away', /found status 500, CUDA/],
    ['torn', 'endpoint-away', /found connection broken/],
  ])('ends as other answers that are none: %s', async (fault, code, message) => {
    const endpoint = connect(await serve({ faults: [fault] }), { patience: 0 });
    const asked = heardOf(endpoint, { ...text, attempts: 2 });
    await expect(asked).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  const event = (more: object) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, text: 'x\n', ...more }] })}\n\n`;
  const done = 'data: [DONE]\n\n';
  it.each([
    ['of another shape', event({ text: 7 }) + done, /found choices\.0\.text: .* expected string/],
    ['without a choice', done, /found choices: Too small/],
    ['with another choice', event({}) + event({ index: 1 }) + done, /found choices: Too big/],
    ['that was cut', event({ finish_reason: 'abort' }) + done, /ended with "abort"/],
    ['of more text than there can be', event({ text: 'x'.repeat(9000) }).repeat(4) + done, /chara/],
    ['of more bytes', event({}).repeat(20_000) + done, /found an answer of more than 457 KiB/],
    ['that is a page', '<html>\n\n</html>', /found a stream that ends without \[DONE\]/],
  ])('is no answer: one %s', async (_, body, message) => {
    const endpoint = connect(await says(body));
    await expect(heardOf(endpoint, { ...text, attempts: 1 })).rejects.toMatchObject({
      code: 'endpoint-answer',
      message: expect.stringMatching(message),
    });
  });

  it('shows nothing of the key', async () => {
    const endpoint = connect(await says('data: "sk-secret-key"\n\n'), { key: 'sk-secret-key' });
    const failed = heardOf(endpoint, { ...text, attempts: 1 });
    await expect(failed).rejects.toThrow(/\[key\]/);
    await expect(failed).rejects.not.toThrow(/secret/);
  });
});

it('is read as well where it is packed, or nothing follows its end mark', async () => {
  const body =
    'data: {"choices":[{"index":0,"text":"a\\nb","finish_reason":"stop"}]}\n\ndata: [DONE]';
  const packed = await says(gzipSync(body), { 'content-encoding': 'gzip' });
  for (const server of [packed, await says(body)]) {
    expect((await heardOf(connect(server), text)).heard).toEqual(['a\n', 'a\nb']);
  }
});
