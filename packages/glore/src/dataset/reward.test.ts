import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distinct } from '../codec/index.js';
import { type LabelledSample, verify } from '../label/index.js';
import { byProblem, type Sample } from '../rollout/index.js';
import { balancedByPrefix, doubtedLabels, ormRecords, sormRecords, withLabels } from './reward.js';

const sample = (
  problem: string,
  index: number,
  right: boolean,
  steps: readonly string[],
  answer: string | null = right ? '5' : '6',
): Sample => ({ problem, index, seed: index, steps, answer, right, tokens: 10 });

/** Samples of three problems with few spellings, so that many are equal; some without an answer. */
const samples = fc
  .array(
    fc.record({
      problem: fc.constantFrom('p', 'q', 'r'),
      right: fc.boolean(),
      steps: fc.array(fc.constantFrom('Fay has 2+3=5.', 'Fay has 2+3=6.'), {
        minLength: 1,
        maxLength: 3,
      }),
      stopped: fc.boolean(),
    }),
    { maxLength: 20 },
  )
  .map((items) =>
    items.map(({ problem, right, steps, stopped }, index) =>
      sample(problem, index, right, steps, !right && stopped ? null : undefined),
    ),
  );
const questions = new Map(['p', 'q', 'r'].map((id) => [id, `What of ${id}?`]));
const spelling = ({ steps, answer }: Pick<Sample, 'steps' | 'answer'>) =>
  JSON.stringify([steps, answer]);

describe('ormRecords', () => {
  const given = [
    sample('p', 0, true, ['Fay has 2+3=5.']),
    sample('p', 1, false, ['Fay has 2+3=6.']),
    sample('p', 2, false, ['Fay has 2+4=6.'], null),
    sample('p', 3, true, ['Fay has 2+3=5.']),
    sample('q', 0, true, ['Fay has 2+3=5.']),
  ];
  const right = {
    problem: 'p',
    question: 'What of p?',
    steps: ['Fay has 2+3=5.'],
    answer: '5',
    labels: [true, true],
  };
  const wrong = { ...right, steps: ['Fay has 2+3=6.'], answer: '6', labels: [false, false] };
  const stopped = { ...right, steps: ['Fay has 2+4=6.'], answer: null, labels: [false] };
  const other = { ...right, problem: 'q', question: 'What of q?' };

  it('labels each line by the final answer, balanced over all problems', () => {
    const records = ormRecords(given, questions, { balance: 'answer', seed: 'seed' });
    expect(records).toHaveLength(4);
    expect(records).toEqual(expect.arrayContaining([right, wrong, stopped, other]));
    // One right sample less, and one of the wrong ones is left out.
    const fewer = ormRecords(given.slice(0, 4), questions, { balance: 'answer', seed: 'seed' });
    expect(fewer).toHaveLength(2);
    expect(fewer).toEqual(expect.arrayContaining([right]));
  });

  it('repeats the rarer kind where each problem is balanced', () => {
    const records = ormRecords(given, questions, { balance: 'problem', seed: 'seed' });
    expect(records).toHaveLength(4);
    expect(records).toEqual(expect.arrayContaining([right, wrong, stopped]));
    expect(records.filter(({ labels }) => labels[0])).toEqual([right, right]);
  });

  it.each(['answer', 'problem'] as const)(
    'has as many right as wrong samples (%s), with the same label at every line',
    (balance) => {
      fc.assert(
        fc.property(samples, fc.string(), (all, seed) => {
          const records = ormRecords(all, questions, { balance, seed });
          const among = (problem: string) => balance === 'answer' || problem;
          const groups = [...byProblem(all)];
          for (const name of new Set(groups.map(([problem]) => among(problem)))) {
            const of = (kind: boolean) => ({
              given: groups
                .filter(([problem]) => among(problem) === name)
                .flatMap(([, group]) => group.filter((item) => item.right === kind)),
              records: records.filter(
                ({ problem, labels }) => among(problem) === name && labels[0] === kind,
              ),
            });
            const [rights, wrongs] = [of(true), of(false)];
            const both = rights.given.length > 0 && wrongs.given.length > 0;
            expect(rights.records.length).toBe(wrongs.records.length);
            for (const [kind, other] of [
              [rights, wrongs],
              [wrongs, rights],
            ] as const) {
              const spellings = (list: readonly Pick<Sample, 'problem' | 'steps' | 'answer'>[]) =>
                new Set(list.map((one) => one.problem + spelling(one)));
              const [found, all] = [spellings(kind.records), spellings(kind.given)];
              const limit = balance === 'answer' ? spellings(other.given).size : all.size;
              expect([...found].every((one) => all.has(one))).toBe(true);
              expect(found.size).toBe(both ? Math.min(all.size, limit) : 0);
            }
          }
          for (const { problem, question, steps, answer, labels } of records) {
            expect(question).toBe(questions.get(problem));
            expect(labels).toHaveLength(steps.length + (answer === null ? 0 : 1));
            expect(new Set(labels).size).toBe(1);
          }
          expect(ormRecords(all, questions, { balance, seed })).toEqual(records);
        }),
      );
    },
  );

  it('may be balanced at each prefix length as well', () => {
    fc.assert(
      fc.property(samples, fc.string(), (all, seed) => {
        const balanced = ormRecords(all, questions, { balance: 'prefix', seed });
        const records = ormRecords(all, questions, { balance: 'answer', seed });
        expect(balanced).toEqual(balancedByPrefix(records, seed));
      }),
    );
  });
});

describe('sormRecords', () => {
  const labelledSamples = samples.chain((all) =>
    fc.tuple(
      fc.constant(all),
      fc.tuple(
        ...all.map(({ steps }) =>
          fc.array(fc.boolean(), { minLength: steps.length, maxLength: steps.length }),
        ),
      ),
    ),
  );
  const label = (item: Sample, labels: readonly boolean[]): LabelledSample => ({
    ...verify(item, undefined, false),
    labels,
  });

  it('has the labels of the steps and of the answer line', () => {
    const all = [
      sample('p', 0, false, ['Fay has 2+3=5.', 'Fay has 5+2=8.']),
      sample('q', 7, false, ['Fay has 2+3=6.'], null),
    ];
    const labelled = [label(all[0]!, [true, false]), label(all[1]!, [false])];
    const make = (balanced: boolean) =>
      sormRecords(labelled, all, questions, { balanced, seed: 'seed' });
    const first = {
      problem: 'p',
      question: 'What of p?',
      steps: ['Fay has 2+3=5.', 'Fay has 5+2=8.'],
      answer: '6',
      labels: [true, false, false],
    };
    const second = {
      problem: 'q',
      question: 'What of q?',
      steps: ['Fay has 2+3=6.'],
      answer: null,
      labels: [false],
    };
    expect(make(false)).toEqual([first, second]);
    // Step 1 has one of each; step 2 and the answer line have no positive.
    expect(make(true)).toEqual([{ ...first, labels: [true, null, null] }, second]);
  });

  it('balances steps by place and answer lines apart, and drops nothing else', () => {
    fc.assert(
      fc.property(labelledSamples, fc.string(), ([all, labels], seed) => {
        const labelled = all.map((item, i) => label(item, labels[i]!));
        const make = (balanced: boolean) =>
          sormRecords(labelled, all, questions, { balanced, seed });
        const [plain, balanced] = [make(false), make(true)];
        expect(plain.map((record) => record.labels)).toEqual(
          all.map(({ answer, right }, i) => [...labels[i]!, ...(answer === null ? [] : [right])]),
        );

        const counts = new Map<string, [negative: number, positive: number]>();
        const count = (records: typeof plain, into: typeof counts) => {
          for (const { steps, labels: values } of records) {
            values.forEach((value, at) => {
              if (value === null) return;
              const key = at < steps.length ? String(at) : 'answer';
              const pair = into.get(key) ?? [0, 0];
              pair[value ? 1 : 0]++;
              into.set(key, pair);
            });
          }
          return into;
        };
        const possible = count(plain, new Map());
        const found = count(balanced, counts);
        for (const [key, [negative, positive]] of possible) {
          const rarer = Math.min(negative, positive);
          expect(found.get(key) ?? [0, 0]).toEqual([rarer, rarer]);
        }
        // A kept label is the sample's own; a sample without one is not there.
        let from = 0;
        for (const record of balanced) {
          expect(record.labels.some((value) => value !== null)).toBe(true);
          const at = plain.findIndex(
            (whole, i) =>
              i >= from &&
              spelling(whole) === spelling(record) &&
              whole.problem === record.problem &&
              record.labels.every((value, k) => value === null || value === whole.labels[k]),
          );
          expect(at).toBeGreaterThanOrEqual(0);
          from = at + 1;
        }
      }),
    );
  });
});

describe('doubtedLabels', () => {
  const record = (labels: (boolean | null)[]) => ({
    problem: 'p',
    question: 'What of p?',
    steps: ['Fay has 2+3=5.', 'Fay has 5+1=7.'],
    answer: '7',
    labels,
  });
  const records = [record([true, true, null]), record([true, false, false])];
  const values = [
    [0.25, 0.2, 0.1],
    [0.24, 0.9, 0.01],
  ];

  it('are those of lines labelled right and valued below the doubt', () => {
    const nothing = [false, false, false];
    expect(doubtedLabels(records, values, 0.25)).toEqual([
      [false, true, false],
      [true, false, false],
    ]);
    expect(doubtedLabels(records, values, 0)).toEqual([nothing, nothing]);
  });

  it('are left out, and with them a record of which nothing else is left to learn', () => {
    const without = (doubt: number) =>
      withLabels(
        records,
        doubtedLabels(records, values, doubt).map((row) => row.map((doubted) => !doubted)),
      );
    expect(without(0)).toEqual(records);
    expect(without(0.25)).toEqual([record([true, null, null]), record([null, false, false])]);
    expect(without(0.26)).toEqual([record([null, false, false])]);
  });
});

describe('byProblem and distinct', () => {
  it('group without loss, and keep the first of each spelling', () => {
    fc.assert(
      fc.property(samples, (all) => {
        const groups = byProblem(all);
        for (const [problem, group] of groups) {
          expect(group).toEqual(all.filter((item) => item.problem === problem));
        }
        expect([...groups.values()].flat()).toHaveLength(all.length);
        const firsts = all.filter(
          (item, i) => all.findIndex((other) => spelling(other) === spelling(item)) === i,
        );
        expect(distinct(all)).toEqual(firsts);
      }),
    );
  });
});

describe('balancedByPrefix', () => {
  it('has equally many labels of each kind at each prefix length and at the answer line', () => {
    fc.assert(
      fc.property(samples, fc.string(), (all, seed) => {
        const records = ormRecords(all, questions, { balance: 'problem', seed: 'pairs' });
        const balanced = balancedByPrefix(records, seed);
        const counts = new Map<string, [number, number]>();
        for (const { labels, steps } of balanced) {
          expect(labels.some((label) => label !== null)).toBe(true);
          labels.forEach((label, i) => {
            if (label === null) return;
            const key = i < steps.length ? String(i) : 'answer';
            const count = counts.get(key) ?? [0, 0];
            count[Number(label)]!++;
            counts.set(key, count);
          });
        }
        for (const [negatives, positives] of counts.values()) expect(negatives).toBe(positives);
        // What is learned is what it was, and as much of it as can be.
        for (const record of balanced) {
          const from = records.find(
            (other) => spelling(other) === spelling(record) && other.problem === record.problem,
          )!;
          record.labels.forEach((label, i) => {
            if (label !== null) expect(label).toBe(from.labels[i]);
          });
        }
        const first = records.filter(({ steps }) => steps.length > 0);
        const rarer = Math.min(
          ...[true, false].map((kind) => first.filter(({ labels }) => labels[0] === kind).length),
        );
        expect(counts.get('0')?.[1] ?? 0).toBe(rarer);
        expect(balancedByPrefix(records, seed)).toEqual(balanced);
      }),
    );
  });
});
