import { fileURLToPath } from 'node:url';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Codec, createCodec } from '../codec/index.js';
import { difficulty, generateProblems } from '../problem/index.js';
import { openEmbedded } from './embedded.js';
import { GlobalRefiner, LocalRefiner, RewardModel, Student } from './roles.js';
import type { LanguageModel } from './types.js';

const settings = { ...difficulty(0.5), steps: [3, 3] } as const;
const problems = generateProblems({ split: 'train', count: 3, seed: 4, settings });
const [first, second, third] = problems.map(({ question }) => question) as [string, string, string];
const steps = problems.map((problem) => problem.steps.map((step) => step.replace(/<<.*>>/, '')));
const solutions = problems.map(({ answer }, i) => ({ steps: steps[i]!, answer }));
/** Hot enough that samples differ. */
const temperature = 2.5;
const maxTokens = 40;

let model: LanguageModel;
let codec: Codec;
let student: Student;
beforeAll(async () => {
  const folder = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
  const base = await loadCheckpoint(folder);
  codec = createCodec(openTokenizer(base.tokenizer));
  model = await openEmbedded(base, 1);
  student = new Student(model.author(codec), maxTokens);
});
afterAll(() => model.close());

/** What the model writes after the tokens, read as a solution. */
async function continued(tokens: readonly number[], seed = 0, heat = temperature) {
  const [[written]] = (await model.generate(
    [{ tokens, branches: [{ length: tokens.length, seed }] }],
    { temperature: heat, maxTokens, stop: codec.ids.eos },
  )) as [[number[]]];
  return { ...codec.parse(written), tokens: written.length };
}

describe('Student', () => {
  const requests = [
    {
      question: first,
      steps: steps[0]!,
      prefixes: [
        { length: 1, seeds: [11, 12, 13] },
        { length: 3, seeds: [14] },
        { length: 0, seeds: [15, 16] },
        { length: 2, seeds: [] },
      ],
    },
    { question: second, steps: steps[1]!, prefixes: [{ length: 2, seeds: [11, 17] }] },
    { question: third, steps: [], prefixes: [{ length: 0, seeds: [18] }] },
  ];

  it('drafts greedily, whatever the seed', async () => {
    const drafts = await student.draft([first, second]);
    const samples = await student.sample(
      [first, second].map((question) => ({ question, seeds: [5, 6] })),
      0,
    );
    expect(samples).toEqual(drafts.map((draft) => [draft, draft]));
    expect(drafts[0]).toEqual(await continued(codec.prompt(first), 0, 0));
    expect(drafts[0]!.steps.length).toBeGreaterThan(0);
  });

  it('continues prefixes as if they were the prompt', async () => {
    const rollouts = await student.rollout(requests, temperature);
    for (const [i, { question, steps: written, prefixes }] of requests.entries()) {
      for (const [k, { length, seeds }] of prefixes.entries()) {
        const tokens = [...codec.prompt(question), ...codec.prefix(written.slice(0, length))];
        expect(rollouts[i]![k]).toEqual(
          await Promise.all(seeds.map((seed) => continued(tokens, seed))),
        );
      }
    }
    expect(
      new Set(rollouts[0]![0]!.map((rollout) => JSON.stringify(rollout))).size,
    ).toBeGreaterThan(1);
  });

  it('samples from the empty prefix', async () => {
    const [[, , fromStart]] = (await student.rollout(requests.slice(0, 1), temperature)) as [
      [unknown, unknown, unknown],
    ];
    expect([fromStart]).toEqual(
      await student.sample([{ question: first, seeds: [15, 16] }], temperature),
    );
  });

  it('writes the same from the same seed, whatever else is in the batch', async () => {
    const together = await student.rollout(requests, temperature);
    const turned = await student.rollout(requests.toReversed(), temperature);
    expect(turned.toReversed()).toEqual(together);
    const apart: typeof together = [];
    for (const request of requests) {
      const rows: (typeof together)[number] = [];
      for (const prefix of request.prefixes) {
        const alone = [{ ...request, prefixes: [prefix] }];
        rows.push((await student.rollout(alone, temperature))[0]![0]!);
      }
      apart.push(rows);
    }
    expect(apart).toEqual(together);
  });

  it('stops at the limit, where a line cut off counts for nothing', async () => {
    const brief = new Student(model.author(codec), 3);
    const [draft] = await brief.draft([first]);
    expect(draft).toEqual({ steps: [], answer: null, tokens: 3 });
  });

  it('counts the tokens that it generates', async () => {
    const counted = new Student(model.author(codec), maxTokens);
    const drafts = await counted.draft([first, second]);
    const rollouts = await counted.rollout(requests, temperature);
    const total = [...drafts, ...rollouts.flat(2)].reduce((sum, { tokens }) => sum + tokens, 0);
    expect(counted.meter).toMatchObject({ generated: total, scored: 0 });
    expect(await counted.draft([])).toEqual([]);
    expect(counted.meter.generated).toBe(total);
  });
});

describe('RewardModel', () => {
  const items = [first, second, third].map((question, i) => ({
    question,
    solution: solutions[i]!,
  }));

  it('has a value for each line, read from the lines up to it', async () => {
    const orm = new RewardModel(model.critic(codec));
    const values = await orm.values(items);
    expect(values.map(({ length }) => length)).toEqual([4, 4, 4]);
    for (const value of values.flat()) expect(value > 0 && value < 1).toBe(true);
    for (const [i, { question, solution }] of items.entries()) {
      const prefixes = solution.steps.map((_, k) => ({
        question,
        solution: { steps: solution.steps.slice(0, k + 1), answer: null },
      }));
      const alone = await orm.values(prefixes);
      alone.forEach((row, k) => {
        expect(row).toHaveLength(k + 1);
        expect(row.at(-1)).toBeCloseTo(values[i]![k]!, 4);
      });
    }
  });

  it('values what each question has, and nothing where there is no line', async () => {
    const orm = new RewardModel(model.critic(codec));
    const empty = { question: first, solution: { steps: [], answer: null } };
    expect(await orm.values([empty])).toEqual([[]]);
    expect(await orm.values([])).toEqual([]);
    const [answer] = await orm.values([
      { question: first, solution: { steps: [], answer: '7' } },
      empty,
    ]);
    expect(answer).toHaveLength(1);
  });

  it('counts the tokens that it reads', async () => {
    const orm = new RewardModel(model.critic(codec));
    await orm.values(items);
    const read = items.map(({ question, solution }) => codec.tagged(question, solution).tokens);
    expect(orm.meter).toMatchObject({ generated: 0, scored: read.flat().length });
  });
});

describe('refiners', () => {
  it('global: writes greedily after question and draft', async () => {
    const global = new GlobalRefiner(model.author(codec), maxTokens);
    const items = [first, second].map((question, i) => ({ question, draft: solutions[i]! }));
    const refined = await global.refine(items);
    for (const [i, { question, draft }] of items.entries()) {
      expect(refined[i]).toEqual(await continued(codec.globalPrompt(question, draft), 0, 0));
    }
    expect(global.meter.generated).toBe(refined[0]!.tokens + refined[1]!.tokens);
  });

  it('sample with a temperature, by the seeds of their items', async () => {
    const global = new GlobalRefiner(model.author(codec), maxTokens);
    const local = new LocalRefiner(model.author(codec), maxTokens);
    const draft = solutions[0]!;
    const items = [21, 22, 23].map((seed) => ({ question: first, draft, seed, location: 2 }));
    const anew = await global.refine(items, temperature);
    const onward = await local.refine(items, temperature);
    for (const [i, { seed }] of items.entries()) {
      expect(anew[i]).toEqual(await continued(codec.globalPrompt(first, draft), seed));
      const rest = await continued(codec.localPrompt(first, draft, 2), seed);
      expect(onward[i]!.steps).toEqual([draft.steps[0], ...rest.steps]);
    }
    for (const written of [anew, onward]) {
      expect(new Set(written.map((one) => JSON.stringify(one))).size).toBeGreaterThan(1);
    }
    expect(await global.refine(items)).toEqual(await global.refine(items, 0));
  });

  it('local: keeps the lines before the place and takes the rest from the continuation', async () => {
    const local = new LocalRefiner(model.author(codec), maxTokens);
    // The last is the place of the answer line.
    const items = [1, 2, 3, 4].map((location) => ({
      question: first,
      draft: solutions[0]!,
      location,
    }));
    const refined = await local.refine(items);
    for (const [i, { question, draft, location }] of items.entries()) {
      const rest = await continued(codec.localPrompt(question, draft, location), 0, 0);
      expect(refined[i]).toEqual({
        steps: [...draft.steps.slice(0, location - 1), ...rest.steps],
        answer: rest.answer,
        tokens: rest.tokens,
      });
    }
    expect(local.meter.generated).toBe(refined.reduce((sum, { tokens }) => sum + tokens, 0));
    const beyond = { question: first, draft: solutions[0]!, location: 5 };
    await expect(local.refine([beyond])).rejects.toMatchObject({ code: 'location-invalid' });
  });
});
