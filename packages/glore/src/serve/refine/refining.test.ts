/** The refining model as the official client and the AI SDK see it. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, streamText, tool } from 'ai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { renderSolution } from '../../codec/index.js';
import {
  type Decision,
  REFINE_ALL,
  type RefineEvent,
  refine,
  refineInRounds,
  type Written,
} from '../../refine/index.js';
import { seedOf } from '../../rollout/index.js';
import {
  post,
  questions,
  rolesOf,
  serverOfFile,
  startForTest,
  type Traced,
} from '../harness.testing.js';

const [first, second, third] = questions;

interface Usage {
  readonly completion_tokens: number;
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}

const shared = serverOfFile();

describe('glore', () => {
  const user = (content: string) => [{ role: 'user' as const, content }];
  const inProcess = async (question: string, options = {}) => {
    const models = rolesOf(shared.hosted, 160);
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
    const { student } = rolesOf(shared.hosted, 160);
    const [drafts] = await student.sample([{ question: first, seeds: [21, 22, 23] }], 1.5);
    const { glore } = chat as typeof chat & Traced;
    expect(glore.decisions.map(({ candidates }) => candidates[0]!.solution.steps)).toEqual(
      drafts!.map(({ steps }) => steps),
    );
    expect(chat.choices).toHaveLength(3);
  });

  it('refines what was chosen in further rounds, which the request asks for', async () => {
    const ask = async (glore: object, more: object = {}) => {
      const response = await post(shared, '/v1/chat/completions', {
        ...{ model: 'glore', messages: user(first), seed: 21, ...more },
        glore,
      });
      return (await response.json()) as {
        choices: { message: { content: string } }[];
        usage: Usage;
        glore: { rounds: number; decisions: Decision[][] };
      };
    };
    const whole = await ask({ rounds: 3, threshold: 1 });
    expect(whole.glore.rounds).toBe(3);
    const [rounds] = whole.glore.decisions;
    const models = rolesOf(shared.hosted, 160);
    const settings = { threshold: 1, chooser: 'orm', tau: REFINE_ALL } as const;
    const expected = await refineInRounds(
      [first],
      models,
      {
        ...{ ...settings, rounds: 3, temperature: shared.hosted.temperature },
        seed: (_, round) => seedOf(21, first, 'round', round),
      },
      [await inProcess(first, settings)],
    );
    expect(rounds!.map(close)).toEqual(expected[0]!.map(close));
    expect(whole.choices[0]!.message.content).toBe(rendered(rounds!.at(-1)!));
    const candidates = rounds!.flatMap((decision) => decision.candidates);
    const tokens = candidates.reduce((sum, candidate) => sum + candidate.tokens, 0);
    expect(whole.usage.completion_tokens).toBe(tokens);
    // The answer's own tokens are those of the round that wrote it.
    const from = rounds!.findLast(({ choice }, round) => choice > 0 || round === 0)!;
    expect(whole.usage.completion_tokens_details.reasoning_tokens).toBe(
      tokens - from.candidates[from.choice]!.tokens,
    );
    // What the gate is content with is not refined again.
    const content = await ask({ rounds: 3, mode: 'gate', tau: 0 });
    expect(content.glore.decisions[0]).toHaveLength(1);

    const stream = await post(shared, '/v1/chat/completions', {
      ...{ model: 'glore', messages: user(first), seed: 21, stream: true },
      glore: { rounds: 3, threshold: 1 },
    });
    const events = [...(await stream.text()).matchAll(/"glore":\{"event":(\{.*?\})\}\}\n/g)].map(
      ([, event]) => JSON.parse(event!) as RefineEvent & { round: number },
    );
    expect(events.filter(({ stage }) => stage === 'draft').map(({ round }) => round)).toEqual([
      1, 2, 3,
    ]);
    expect(events.filter(({ stage }) => stage === 'choice')).toEqual(
      rounds!.map(({ choice }, i) => ({ index: 0, stage: 'choice', choice, round: i + 1 })),
    );
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

  /** The events of a stream, and how the answer was refined. */
  const streamed = async (glore: object, more: object = {}) => {
    const stream = await post(shared, '/v1/chat/completions', {
      ...{ model: 'glore', messages: user(second), seed: 21, stream: true, ...more },
      glore,
    });
    const found = [...(await stream.text()).matchAll(/"glore":(\{.*\})\}\n/g)].map(
      ([, text]) => JSON.parse(text!) as Partial<Traced['glore']> & { event?: Event },
    );
    const events = found.flatMap(({ event }) => event ?? []);
    return { events, decisions: found.at(-1)!.decisions as unknown as Decision[][] };
  };
  type Event = (RefineEvent | (Written & { stage: 'writing' })) & { round: number };
  const isWriting = (event: Event): event is Event & { stage: 'writing' } =>
    event.stage === 'writing';

  it('tells what is written in all rounds, line by line, where that is asked for', async () => {
    const settings = { threshold: 1, rounds: 2 };
    const { events, decisions } = await streamed({ ...settings, lines: true });
    const written = events.filter(isWriting);
    for (const [r, { candidates }] of decisions[0]!.entries()) {
      for (const { source, solution } of candidates.slice(r === 0 ? 0 : 1)) {
        const own = written.filter((one) => one.source === source && one.round === r + 1);
        const lines = renderSolution(solution).split('\n');
        // What a local refinement keeps is there from its first line on.
        const kept = source === 'local' ? lines.length - own.length : 0;
        expect(own.map(({ text }) => text)).toEqual(
          lines.slice(kept).map((_, i) => lines.slice(0, kept + i + 1).join('\n')),
        );
        const at = (stage: string) =>
          events.findIndex((one) => one.stage === stage && one.round === r + 1);
        if (own.length > 0) expect(events.indexOf(own.at(-1)!)).toBeLessThan(at(source));
      }
    }
    expect(new Set(written.map(({ source }) => source))).toEqual(
      new Set(['draft', 'global', 'local']),
    );
    // Nothing else is another, and without the wish nothing is told.
    const { events: plain } = await streamed(settings);
    const others = events.filter((one) => !isWriting(one)) as (RefineEvent & { round: number })[];
    expect(plain.map(({ stage, round }) => [stage, round])).toEqual(
      others.map(({ stage, round }) => [stage, round]),
    );
  });

  it('tells of sampled drafts, each by its index, and of the draft of a vote', async () => {
    const more = { temperature: 1.2, n: 2 };
    const { events, decisions } = await streamed({ mode: 'gate', tau: 0, lines: true }, more);
    for (const [index, decision] of decisions.entries()) {
      const { solution } = (decision as unknown as Decision).candidates[0]!;
      const own = events.filter((one) => isWriting(one) && one.index === index) as Written[];
      expect(own.at(-1)).toMatchObject({ source: 'draft', text: renderSolution(solution) });
    }
    const vote = await streamed({ mode: 'vote', samples: 2, lines: true });
    const stages = vote.events.map(({ stage }) => stage);
    expect(stages.filter((stage) => stage === 'writing').length).toBeGreaterThan(1);
    expect(stages.lastIndexOf('writing')).toBe(stages.indexOf('draft') - 1);
  });

  it('reads the prompt of a completion as its question', async () => {
    const completion = await shared.client.completions.create({
      model: 'glore',
      prompt: [first, shared.hosted.tokenizer.decode(shared.hosted.codec.prompt(second))],
    });
    const { glore } = completion as typeof completion & Traced;
    const expected = [await inProcess(first), await inProcess(second)];
    expect(glore.decisions.map(close)).toEqual(expected.map(close));
    expect(completion.choices.map(({ text }) => text)).toEqual(expected.map(rendered));
  });

  it('passes through what is no question to be refined', async () => {
    const server = await startForTest(shared.hosted);
    const same = async (body: object) => {
      for (const stream of [false, true]) {
        const whole = { messages: user(first), seed: 4, stream, ...body };
        const ask = async (model: string) => {
          const response = await post(server, '/v1/chat/completions', { ...whole, model });
          expect(response.status).toBe(200);
          // Byte for byte, but for what is new in every answer.
          return (await response.text())
            .replaceAll(/"id":"chatcmpl-[0-9a-f]+"/g, '')
            .replaceAll(/"created":\d+/g, '');
        };
        const [passed, plain] = [await ask('glore'), await ask('student')];
        expect(passed).toBe(plain);
        expect(passed).not.toContain('"glore"');
      }
    };
    const parameters = { type: 'object', properties: {} };
    await same({ tools: [{ type: 'function', function: { name: 'f', parameters } }] });
    await same({
      messages: [...user(first), { role: 'assistant', content: 'Yes.' }],
      ...{ continue_final_message: true },
    });
    expect(server.logs.map(({ passed }) => passed)).toEqual(
      ['tools', 'no question'].flatMap((why) => [why, undefined, why, undefined]),
    );
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
    expect(usage.inputTokens).toBe(shared.hosted.codec.prompt(first).length);
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
