/** Completions and chat as the official client sees them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { post, questions, rolesOf, serverOfFile, startForTest } from '../harness.testing.js';

const [first, second] = questions;

const shared = serverOfFile();

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
      fingerprint: shared.hosted.roles.orm!.fingerprint,
    });
    await expect(shared.client.models.retrieve('gpt')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});

describe('completions', () => {
  const prompt = () => shared.hosted.codec.prompt(first);
  const sampled = { model: 'student', temperature: 1, max_tokens: 80, n: 3 };

  it('are what the student samples in this process from the same seeds', async () => {
    const { student } = rolesOf(shared.hosted, 80);
    const expected = await student.sample(
      [
        { question: first, seeds: [40, 41, 42] },
        { question: second, seeds: [43, 44, 45] },
      ],
      1,
    );
    const body = { ...sampled, prompt: [prompt(), shared.hosted.codec.prompt(second)], seed: 40 };
    const { choices, usage } = await shared.client.completions.create({
      ...body,
      ...{ return_token_ids: true },
    });
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    const generated = choices.map((choice) => {
      const { token_ids: ids } = choice as typeof choice & { token_ids: number[] };
      return { ...shared.hosted.codec.parse(ids), tokens: ids.length };
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
      ...{ ...sampled, n: 1, prompt: [shared.hosted.codec.prompt(second), prompt()] },
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
    const { tokens, count } = (await (
      await post(shared, '/tokenize', { prompt: text })
    ).json()) as {
      tokens: number[];
      count: number;
    };
    expect({ tokens, count }).toEqual({ tokens: prompt(), count: prompt().length });
    expect(await (await post(shared, '/detokenize', { tokens })).json()).toEqual({ prompt: text });
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
    expect(usage!.completion_tokens).toBe(shared.hosted.tokenizer.encode(`${line}\n`).length);
    const limited = await shared.client.completions.create({ ...body, max_tokens: 5 });
    expect(limited.choices[0]).toMatchObject({ finish_reason: 'length' });
    expect(limited.usage!.completion_tokens).toBe(5);
    // OpenAI's default.
    const { max_tokens: _, ...open } = body;
    const short = await shared.client.completions.create(open);
    expect(short.usage!.completion_tokens).toBe(16);
  });

  it('gives log-probabilities from which a reward model can be read', async () => {
    const { codec, tokenizer, roles } = shared.hosted;
    const solution = { steps: ['Fay has 3+4=7.'], answer: '7' };
    const { tokens, tags } = codec.tagged(first, solution);
    const { plus, minus } = codec.ids;
    const labels = [plus, minus];
    const logs = await roles.orm!.batcher.score({ items: [{ tokens, positions: tags }], labels });
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

      const scored = await post(shared, '/generative_scoring', {
        model: 'orm',
        query: prefix.slice(0, 9),
        items: [prefix.slice(9), tokenizer.encode('7')],
        label_token_ids: labels,
      });
      const { data } = (await scored.json()) as { data: { score: number }[] };
      expect(data).toHaveLength(2);
      expect(data[0]!.score).toBeCloseTo(values[i]!, 5);
    }
    const raw = await post(shared, '/generative_scoring', {
      model: 'orm',
      query: '',
      items: [tokenizer.decode(tokens)],
      item_first: true,
      apply_softmax: false,
      label_token_ids: labels,
    });
    const { data: unscaled } = (await raw.json()) as { data: { score: number }[] };
    expect(Math.log(unscaled[0]!.score)).toBeCloseTo(logs[0]!.at(-1)![0]!, 4);

    const pooled = await post(shared, '/pooling', {
      model: 'orm',
      input: tokens,
      task: 'token_classify',
    });
    const { data } = (await pooled.json()) as { data: [{ data: number[][] }] };
    expect(data[0].data).toHaveLength(tokens.length);
    tags.forEach((tag, i) => {
      expect(data[0].data[tag]![1]).toBeCloseTo(values[i]!, 5);
      expect(data[0].data[tag]![0]).toBeCloseTo(1 - values[i]!, 5);
    });
  });

  it('goes together with others in one batch', async () => {
    const server = await startForTest(shared.hosted);
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
      prompt: shared.hosted.codec.prompt(first),
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
    const [draft] = await rolesOf(shared.hosted, 160).student.draft([first]);
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
