import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Solution } from '../codec/index.js';
import { verify } from '../label/index.js';
import type { RolloutRecord, Sample, Trace } from '../rollout/index.js';
import { distance, globalRecords, localRecords } from './refinement.js';

const question = 'Fay has 37 shells. Fay finds 148 more. Fay loses 29. How many has Fay?';
const questions = new Map([['p', question]]);
const [first, second] = ['Fay has 37+148=185.', 'Fay has 185-29=156.'];
const sample = (index: number, right: boolean, steps: string[], answer: string | null): Sample => ({
  problem: 'p',
  index,
  seed: index,
  steps,
  answer,
  right,
  tokens: 10,
});
const trace = (right: boolean, answer: string | null, ...steps: string[]): Trace => ({
  steps,
  answer,
  right,
  count: 1,
});
const rollouts = (index: number, ...prefixes: Trace[][]): RolloutRecord => ({
  problem: 'p',
  sample: index,
  prefixes: prefixes.map((traces, i) => ({ length: i + 1, attempts: traces.length, traces })),
  tokens: 0,
});
const local = (
  samples: Sample[],
  record: RolloutRecord,
  options: Parameters<typeof localRecords>[4] = { perSample: 9, seed: 'seed' },
) => {
  const draft = samples.find(({ index }) => index === record.sample)!;
  return localRecords([verify(draft, record, true)], [record], samples, questions, options);
};
const textOf = ({ steps, answer }: Solution) => ({ steps, answer });

const solution: fc.Arbitrary<Solution> = fc.record({
  steps: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 }),
  answer: fc.constantFrom('1', '2', null),
});

describe('distance', () => {
  const lines = ({ steps, answer }: Solution) =>
    answer === null ? steps : [...steps, `#### ${answer}`];
  /** The definition, by recursion. */
  const edits = (a: readonly string[], b: readonly string[]): number => {
    if (a.length === 0 || b.length === 0) return a.length + b.length;
    const [restA, restB] = [a.slice(1), b.slice(1)];
    if (a[0] === b[0]) return edits(restA, restB);
    return 1 + Math.min(edits(restA, b), edits(a, restB), edits(restA, restB));
  };

  it('counts lines to insert, delete or replace', () => {
    const right = { steps: [first, second], answer: '156' };
    expect(distance(right, right)).toBe(0);
    expect(distance(right, { steps: [first, 'Fay has 185-29=166.'], answer: '166' })).toBe(2);
    expect(distance(right, { steps: [second], answer: '156' })).toBe(1);
    expect(distance(right, { steps: [first, second], answer: null })).toBe(1);
    expect(distance({ steps: [], answer: null }, right)).toBe(3);
  });

  it('is the Levenshtein distance of the lines', () => {
    fc.assert(
      fc.property(solution, solution, (a, b) => {
        expect(distance(a, b)).toBe(edits(lines(a), lines(b)));
        expect(distance(b, a)).toBe(distance(a, b));
      }),
    );
  });
});

describe('globalRecords', () => {
  const nearest = { pairing: 'nearest', seed: 'seed' } as const;

  it('gives each wrong sample the nearest right one', () => {
    const samples = [
      sample(0, true, ['Fay has 37-29=8.', 'Fay has 8+148=156.'], '156'),
      sample(1, true, [first, second], '156'),
      sample(2, false, [first, 'Fay has 185-29=166.'], '166'),
      sample(3, false, ['Fay has 37-29=8.', 'Fay has 8+148=146.'], '146'),
      sample(4, false, [first, 'Fay has 185-29=166.'], '166'),
    ];
    const pair = (draft: number, target: number) => ({
      problem: 'p',
      question,
      draft: textOf(samples[draft]!),
      target: textOf(samples[target]!),
    });
    expect(globalRecords(samples, questions, nearest)).toEqual([pair(2, 1), pair(3, 0)]);
    expect(globalRecords(samples.slice(0, 2), questions, nearest)).toEqual([]);
    expect(globalRecords(samples.slice(2), questions, nearest)).toEqual([]);
  });

  it('has right drafts that stay as they are beside the pairs, as many as wanted', () => {
    const samples = [
      sample(0, true, [first, second], '156'),
      sample(1, true, [first, second], '156'),
      ...[166, 176, 186].map((n, i) =>
        sample(2 + i, false, [first, `Fay has 185-29=${n}.`], String(n)),
      ),
    ];
    const records = (kept: number) => globalRecords(samples, questions, { ...nearest, kept });
    const pairs = globalRecords(samples, questions, nearest);
    expect(pairs).toHaveLength(3);
    const stays = { problem: 'p', question, draft: pairs[0]!.target, target: pairs[0]!.target };
    expect(records(0)).toEqual(pairs);
    expect(records(0.67)).toEqual([...pairs, stays, stays]);
    // One right spelling is not repeated without end.
    expect(records(9)).toEqual([...pairs, stays, stays, stays, stays]);
    expect(globalRecords(samples.slice(2), questions, { ...nearest, kept: 1 })).toEqual([]);
  });

  it('has each distinct wrong sample once, with a right target of the same problem that none beats', () => {
    const problem = fc.constantFrom('p', 'q');
    const items = fc.array(fc.tuple(problem, solution, fc.boolean()), { maxLength: 14 });
    fc.assert(
      fc.property(items, (given) => {
        const samples = given.map(([id, { steps, answer }, right], index) => ({
          ...sample(index, right, [...steps], answer),
          problem: id,
        }));
        const records = globalRecords(
          samples,
          new Map([...questions, ['q', 'What of q?']]),
          nearest,
        );
        const key = (id: string, item: Solution) => JSON.stringify([id, textOf(item)]);
        const of = (right: boolean, id: string) =>
          samples.filter((item) => item.right === right && item.problem === id);
        const wanted = samples.filter((item) => !item.right && of(true, item.problem).length > 0);
        expect(records.map((record) => key(record.problem, record.draft)).sort()).toEqual(
          [...new Set(wanted.map((item) => key(item.problem, item)))].sort(),
        );
        for (const record of records) {
          const rights = of(true, record.problem);
          expect(rights.map(textOf)).toContainEqual(record.target);
          const least = Math.min(...rights.map((right) => distance(record.draft, right)));
          expect(distance(record.draft, record.target)).toBe(least);
        }
      }),
    );
  });

  it('pairs the same drafts with any right sample where the pairing is random', () => {
    const drafts = Array.from({ length: 40 }, (_, i) =>
      sample(i, false, [first, `Fay has 185-29=${200 + i}.`], String(200 + i)),
    );
    const rights = [
      sample(40, true, [first, second], '156'),
      sample(41, true, ['Fay has 37-29=8.', 'Fay has 8+148=156.'], '156'),
    ];
    const all = [...drafts, ...rights];
    const random = (seed: string) => globalRecords(all, questions, { pairing: 'random', seed });
    expect(random('a').map(({ draft }) => draft)).toEqual(
      globalRecords(all, questions, nearest).map(({ draft }) => draft),
    );
    const targets = new Set(random('a').map(({ target }) => JSON.stringify(target)));
    expect(targets).toEqual(new Set(rights.map((right) => JSON.stringify(textOf(right)))));
    expect(random('a')).toEqual(random('a'));
    expect(random('a')).not.toEqual(random('b'));
  });
});

describe('localRecords', () => {
  const bad = 'Fay has 185-29=166.';
  const wrong = sample(0, false, [first, bad], '166');

  it('marks the flip: drafts hold the bad step, targets go on from the step before it', () => {
    const verifying = trace(true, '156', second);
    const failing = trace(false, '7', 'Fay has 166-159=7.');
    const record = rollouts(0, [verifying, trace(false, '166', bad)], [failing]);
    const made = local([wrong], record);
    const shared = {
      problem: 'p',
      question,
      location: 2,
      target: { steps: [first, second], answer: '156' },
    };
    expect(made).toEqual([
      { ...shared, draft: { steps: [first, bad], answer: '166' } },
      { ...shared, draft: { steps: [first, bad, 'Fay has 166-159=7.'], answer: '7' } },
    ]);
    expect(local([wrong], record, { perSample: 1, seed: 'seed' })).toEqual(made.slice(0, 1));
    // The paper's drafts are rollouts alone.
    const rolled = { perSample: 9, seed: 'seed', drafts: 'rollouts' } as const;
    expect(local([wrong], record, rolled)).toEqual(made.slice(1));
    expect(local([wrong], rollouts(0, [verifying], [trace(true, '166')]), rolled)).toEqual([]);
  });

  it('takes right samples as targets where the first step is bad, and where they share the prefix', () => {
    const early = sample(1, false, ['Fay has 37+148=175.', 'Fay has 175-29=146.'], '146');
    const right = sample(2, true, [first, second], '156');
    const other = sample(3, true, ['Fay has 37-29=8.', 'Fay has 8+148=156.'], '156');
    const failing = [trace(false, '146', 'Fay has 175-29=146.')];
    const made = local([early, right, other], rollouts(1, failing, failing), {
      perSample: 2,
      seed: 'seed',
    });
    // The failing trace joined to the bad step is the sample itself, which is one draft, not two.
    expect(made).toHaveLength(1);
    expect(made[0]).toMatchObject({ location: 1, draft: textOf(early) });
    expect([textOf(right), textOf(other)]).toContainEqual(made[0]!.target);

    const record = rollouts(0, [trace(true, '156', 'So Fay has 185-29=156.')], [trace(false, '7')]);
    const targets = local([wrong, right, other], record).map(({ target }) => target.steps);
    expect(targets.toSorted()).toEqual(
      [
        [first, second],
        [first, 'So Fay has 185-29=156.'],
      ].toSorted(),
    );
  });

  it('takes no trace as target that writes the bad step again or ignores the prefix', () => {
    // The bad step is written and corrected later, or everything is worked out anew.
    const again = trace(true, '156', bad, 'Fay has 166-10=156.');
    const anew = trace(true, '156', 'Fay has 8+148=156.');
    const verifying = trace(true, '156', second);
    const last = [trace(false, '166')];
    expect(
      local([wrong], rollouts(0, [again, anew, verifying], last)).map(({ target }) => target),
    ).toEqual([{ steps: [first, second], answer: '156' }]);
    expect(local([wrong], rollouts(0, [again, verifying], last))).toHaveLength(1);
    // E is 2 only because some trace verifies P_1; with none that can be a target there is no pair.
    const whole = sample(0, true, [first, bad, 'Fay has 166-10=156.'], '156');
    expect(local([wrong, { ...whole, index: 5 }], rollouts(0, [again], last))).toEqual([]);
  });

  it('makes nothing of right samples, of samples without a flip or without rollouts', () => {
    const verifying = [trace(true, '156', second)];
    const late = sample(0, false, [first, second], '165');
    expect(local([late], rollouts(0, verifying, [trace(true, '156')]))).toEqual([]);
    const right = sample(0, true, [first, bad], '156');
    expect(local([right], rollouts(0, verifying, [trace(false, '7')]))).toEqual([]);
    const labelled = [verify(wrong, undefined, true)];
    expect(localRecords(labelled, [], [wrong], questions, { perSample: 3, seed: '' })).toEqual([]);
  });

  it('keeps its promises on any rollouts', () => {
    // Steps that use each other's results by chance, so that traces verify, fail and ignore the prefix.
    const number = fc.integer({ min: 1, max: 3 });
    const step = fc.tuple(number, number).map(([a, b]) => `Fay has ${a}+1=${b}.`);
    const steps = (minLength: number) => fc.array(step, { minLength, maxLength: 2 });
    const any = fc.record({ steps: steps(0), answer: number.map(String), right: fc.boolean() });
    const traces = fc.array(any, { maxLength: 4 });
    const drafts = fc.array(fc.tuple(step, traces), { minLength: 1, maxLength: 3 });
    const others = fc.array(any, { maxLength: 4 });
    let pairs = 0;
    fc.assert(
      fc.property(drafts, others, fc.integer({ min: 1, max: 4 }), (draft, rest, perSample) => {
        const samples = [
          sample(
            0,
            false,
            draft.map(([text]) => text),
            '9',
          ),
          ...rest.map((item, i) => sample(i + 1, item.right, [...item.steps], item.answer)),
        ];
        const record = rollouts(
          0,
          ...draft.map(([, found]) =>
            found.map((item) => trace(item.right, item.answer, ...item.steps)),
          ),
        );
        const made = local(samples, record, { perSample, seed: 'x' });
        expect(local(samples, record, { perSample, seed: 'x' })).toEqual(made);
        expect(made.length).toBeLessThanOrEqual(perSample);
        expect(new Set(made.map((pair) => JSON.stringify(pair.draft))).size).toBe(made.length);
        const labels = verify(samples[0]!, record, true).labels;
        for (const { draft: bad, location, target } of made) {
          expect(location).toBe(labels.indexOf(false) + 1);
          expect(bad.steps.slice(0, location)).toEqual(samples[0]!.steps.slice(0, location));
          expect(target.steps.slice(0, location - 1)).toEqual(bad.steps.slice(0, location - 1));
          expect(target.steps[location - 1]).not.toBe(bad.steps[location - 1]);
          // The target reached the answer: as a sample, or as a rollout from P_(E-1).
          const reached = [
            ...samples.filter((item) => item.right).map(textOf),
            ...(draft[location - 2]?.[1] ?? [])
              .filter((item) => item.right)
              .map((item) => ({
                steps: [...samples[0]!.steps.slice(0, location - 1), ...item.steps],
                answer: item.answer,
              })),
          ];
          expect(reached).toContainEqual(target);
          pairs++;
        }
      }),
      { numRuns: 300 },
    );
    expect(pairs).toBeGreaterThan(20);
  });
});
