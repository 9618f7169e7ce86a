import { fileURLToPath } from 'node:url';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Codec, createCodec } from '../codec/index.js';
import { type LanguageModel, openEmbedded, RewardModel } from '../model/index.js';
import type { JudgedSteps } from '../problem/index.js';
import { FileRow } from '../problem/index.js';
import { firstErrorMetric } from './critic.js';
import { type Located, locateErrors, locateReport } from './locate.js';

let model: LanguageModel;
let codec: Codec;
let sorm: RewardModel;
let maxPositions: number;
beforeAll(async () => {
  const folder = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
  const base = await loadCheckpoint(folder);
  maxPositions = base.config.maxPositions;
  codec = createCodec(openTokenizer(base.tokenizer));
  model = await openEmbedded(base, 1);
  sorm = new RewardModel(model.critic(codec));
});
afterAll(() => model.close());

const problem = 'Ann has 3. Ann buys 4. How many does Ann have?';
const item = (steps: readonly string[], label = -1): JudgedSteps => {
  const fields = { id: 'a', problem, steps, label };
  return { ...fields, row: new FileRow('rows.jsonl', 7, fields) };
};
const valuesOf = async (steps: readonly string[], threshold = 0.5) => {
  const [found] = await locateErrors(sorm, codec, [item(steps)], { threshold, maxPositions });
  return found!;
};

describe('locate', () => {
  it('values each step as the SORM does, and a last step #### 7 as the answer line', async () => {
    const steps = ['Ann has 3+4=8.', 'Ann has 8-1=7.'];
    const [plain] = await sorm.values([{ question: problem, solution: { steps, answer: null } }]);
    const [answered] = await sorm.values([{ question: problem, solution: { steps, answer: '7' } }]);
    expect((await valuesOf(steps)).values).toEqual(plain);
    expect((await valuesOf([...steps, '#### 7'])).values).toEqual(answered);
  });

  it('predicts the first step below the threshold, counted from 0', async () => {
    const steps = ['Ann has 3+4=8.', 'Ann has 8-1=7.', '#### 7'];
    const { values } = await valuesOf(steps);
    const sorted = [...values!].sort((a, b) => a - b);
    const between = (sorted[0]! + sorted[1]!) / 2;
    const lowest = values!.indexOf(sorted[0]!);
    expect(await valuesOf(steps, between)).toMatchObject({ prediction: lowest, match: false });
    expect(await valuesOf(steps, 1.1)).toMatchObject({ prediction: 0, match: false });
    expect(await valuesOf(steps, 0)).toMatchObject({ prediction: -1, match: true });
    const labelled = [item(steps, lowest)];
    const options = { threshold: between, maxPositions };
    expect((await locateErrors(sorm, codec, labelled, options))[0]!.match).toBe(true);
  });

  it('keeps one value a step, whatever the steps look like', async () => {
    const steps = ['First,\n\nwe add: 3+4=<<3+4=7>>7.', '#### A heading', '#### ## 2', '\\[7\\]'];
    expect((await valuesOf(steps)).values).toHaveLength(4);
    await expect(valuesOf(['fine', '<<3+4=7>>'])).rejects.toMatchObject({
      code: 'field-empty',
      message: expect.stringMatching(/^rows\.jsonl:7: .* at index 1;/),
    });
  });

  it('has no prediction for what is longer than the model reads', async () => {
    const long = Array.from({ length: maxPositions }, () => 'Ann has 3.');
    const items = [item(long), item(['Ann has 3.'])];
    const [missed, read] = await locateErrors(sorm, codec, items, { threshold: 0, maxPositions });
    expect(missed).toEqual({ values: null, prediction: null, match: false });
    expect(read!.values).toHaveLength(1);
    expect(locateReport(items, [missed!, read!], 0)).toMatchObject({
      right: { accuracy: 0.5, matches: 1, solutions: 2 },
      tooLong: 1,
    });
  });
});

describe('locateReport', () => {
  const judged = (pairs: readonly [label: number, prediction: number][]) => ({
    items: pairs.map(([label]) => item(['a', 'b', 'c'], label)),
    located: pairs.map(
      ([label, prediction]): Located => ({ values: [], prediction, match: label === prediction }),
    ),
  });

  it('has the figures of the report of a run, with their intervals', () => {
    const pairs: [number, number][] = [
      [0, 0],
      [1, 2],
      [2, -1],
      [1, 1],
      [-1, -1],
      [-1, -1],
      [-1, 0],
    ];
    const { items, located } = judged(pairs);
    const report = locateReport(items, located, 0.5);
    const metric = firstErrorMetric(
      pairs.map(([, prediction]) => prediction),
      pairs.map(([label]) => label),
    );
    expect(report.wrong).toMatchObject({ accuracy: metric.wrong, matches: 2, solutions: 4 });
    expect(report.right).toMatchObject({ accuracy: metric.right, matches: 2, solutions: 3 });
    expect(report.f1!.value).toBe(metric.f1);
    for (const { low, high, value } of [
      { ...report.wrong, value: report.wrong.accuracy! },
      { ...report.right, value: report.right.accuracy! },
      report.f1!,
    ]) {
      expect(low).toBeLessThan(value);
      expect(high).toBeGreaterThan(value);
    }
  });

  it('has no F1 where one kind is missing', () => {
    const { items, located } = judged([[0, 0]]);
    expect(locateReport(items, located, 0.5)).toMatchObject({
      wrong: { accuracy: 1 },
      right: { accuracy: null, solutions: 0 },
      f1: null,
    });
  });
});
