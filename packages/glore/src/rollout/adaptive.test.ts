import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCodec, firstErrorOf } from '../codec/index.js';
import { propagate, verifies, verify } from '../label/index.js';
import { type LanguageModel, openEmbedded, Student } from '../model/index.js';
import { difficulty, generateProblems, type Problem, Random } from '../problem/index.js';
import { collect } from '../run/index.js';
import { adaptiveRollouts } from './adaptive.js';
import { type RolloutItem, rolloutShape, rolloutsFrom } from './rollout.js';
import { isRight, type Sample, sampleSolutions, seedOf } from './sample.js';

type Rollout = Student['rollout'];

/** A solution that a policy drew from its first `from` steps on. */
interface Drawn {
  readonly question: string;
  readonly from: number;
  readonly seed: number;
  readonly steps: readonly string[];
  readonly answer: string;
}

/**
 * A policy over steps `a` (right) and `b`, `c` (wrong), each solution of up to five: it slips with a chance, ends with
 * another, and a solution with a slip is right by the chance `mends` alone. It remembers what it drew.
 */
class Policy {
  readonly drawn: Drawn[] = [];
  private readonly chances: { readonly slips: number; readonly mends: number };

  constructor(chances: { readonly slips: number; readonly mends: number }) {
    this.chances = chances;
  }

  draw(question: string, prefix: readonly string[], seed: number): Drawn {
    const random = new Random('policy', question, seed);
    const steps = [...prefix];
    while (steps.length < 5 && !(steps.length > 1 && random.chance(0.15)))
      steps.push(random.chance(this.chances.slips) ? random.pick(['b', 'c']) : 'a');
    const right = steps.every((step) => step === 'a') || random.chance(this.chances.mends);
    return { question, from: prefix.length, seed, steps, answer: right ? '1' : '0' };
  }

  rollout: Rollout = async (requests) =>
    requests.map(({ question, steps, prefixes }) =>
      prefixes.map(({ length, seeds }) =>
        seeds.map((seed) => {
          const drawn = this.draw(question, steps.slice(0, length), seed);
          this.drawn.push(drawn);
          return { steps: drawn.steps.slice(length), answer: drawn.answer, tokens: 3 };
        }),
      ),
    );

  samples(problem: Problem, count: number): Sample[] {
    return Array.from({ length: count }, (_, index) => {
      const { seed, steps, answer } = this.draw(
        problem.question,
        [],
        seedOf('s', problem.id, index),
      );
      const right = isRight(problem, answer);
      return { problem: problem.id, index, seed, steps, answer, right, tokens: 3 };
    });
  }
}

const problemOf = (id: string): Problem => ({ id, question: `${id}?`, answer: '1', steps: [] });
const options = {
  count: 6,
  temperature: 1,
  seed: 'test',
  drafts: new Map<string, Sample[]>(),
  verifies: (_: readonly string[], { right }: { right: boolean }) => right,
};
/** The wrong samples of problems, and all of them. */
function setting(policy: Policy, ids: readonly string[], count: number) {
  const problems = ids.map(problemOf);
  const drafts = new Map(problems.map((problem) => [problem.id, policy.samples(problem, count)]));
  const items = problems.flatMap((problem) =>
    drafts
      .get(problem.id)!
      .filter(({ right }) => !right)
      .map((sample) => ({ problem, sample })),
  );
  return { items, drafts };
}
const labelsOf = (items: readonly RolloutItem[], records: Parameters<typeof verify>[1][]) =>
  items.map(({ sample }, i) => propagate(verify(sample, records[i], false).labels));
const begins = (steps: readonly string[], prefix: readonly string[]) =>
  prefix.every((step, i) => step === steps[i]);

/** Problems by name, samples of each, and how the policy errs. */
const worlds = fc.record({
  ids: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
  count: fc.integer({ min: 1, max: 6 }),
  slips: fc.double({ min: 0.1, max: 0.6, noNaN: true }),
  mends: fc.constantFrom(0, 0.05, 0.3),
});

describe('adaptiveRollouts', () => {
  it("gives brute force's labels where a wrong step is never mended", async () => {
    const policy = new Policy({ slips: 0.25, mends: 0 });
    const ids = Array.from({ length: 30 }, (_, i) => `p${i}`);
    const { items, drafts } = setting(policy, ids, 4);
    // With so many rollouts no right prefix is missed.
    const many = { ...options, count: 30 };
    const brute = labelsOf(items, await rolloutsFrom(policy, items, many));
    const spent = policy.drawn.splice(0).length;
    for (const known of [drafts, new Map<string, Sample[]>()]) {
      const records = await adaptiveRollouts(policy, items, { ...many, drafts: known });
      expect(labelsOf(items, records)).toEqual(brute);
      expect(policy.drawn.splice(0).length).toBeLessThan(spent / 4);
    }
    expect(new Set(brute.map(firstErrorOf)).size).toBeGreaterThan(3);
  });

  it('ends at a prefix that failed K times after one that verified, whatever the policy does', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ ids, count, ...chances }) => {
        const policy = new Policy(chances);
        const { items, drafts } = setting(policy, ids, count);
        const records = await adaptiveRollouts(policy, items, { ...options, drafts });
        for (const [i, labels] of labelsOf(items, records).entries()) {
          const { prefixes } = records[i]!;
          const flip = firstErrorOf(labels);
          expect(prefixes.map(({ length }) => length)).toEqual(labels.map((_, k) => k + 1));
          // The records say all that propagation says.
          expect(verify(items[i]!.sample, records[i], false).labels).toEqual(labels);
          if (flip < 0) continue;
          expect(prefixes[flip - 1]!.attempts).toBeGreaterThanOrEqual(options.count);
          for (const { attempts, traces } of prefixes.slice(flip - 1)) {
            // Beyond it a few rollouts have looked for a prefix that verifies nevertheless.
            expect(attempts).toBeGreaterThanOrEqual(2);
            expect(traces.some(({ right }) => right)).toBe(false);
          }
        }
      }),
    );
  });

  it('records at each prefix what was drawn from it or before it, and all that verifies', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ ids, count, ...chances }) => {
        const policy = new Policy(chances);
        const { items, drafts } = setting(policy, ids, count);
        const records = await adaptiveRollouts(policy, items, { ...options, drafts });
        for (const [i, { problem, sample }] of items.entries()) {
          const others = drafts.get(problem.id)!.filter(({ index }) => index !== sample.index);
          const paths = [
            ...others.map(({ steps, answer }) => ({ steps, answer, from: 0 })),
            ...policy.drawn.filter(({ question }) => question === problem.question),
          ];
          for (const { length, attempts, traces } of records[i]!.prefixes) {
            const through = paths
              .filter(
                ({ from, steps, answer }) =>
                  (from <= length || answer === '1') &&
                  begins(steps, sample.steps.slice(0, length)),
              )
              .map(({ steps, answer }) => JSON.stringify([steps.slice(length), answer]));
            const recorded = traces.flatMap(({ steps, answer, right, count: times }) => {
              expect(right).toBe(answer === '1');
              return Array<string>(times).fill(JSON.stringify([steps, answer]));
            });
            expect(recorded.toSorted()).toEqual(through.toSorted());
            expect(attempts).toBe(through.length);
          }
        }
        const tokens = records.reduce((sum, record) => sum + record.tokens, 0);
        expect(tokens).toBe(3 * policy.drawn.length);
      }),
    );
  });

  it("draws only brute force's first rollouts, each once, and few beyond the flip", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ ids, count, ...chances }) => {
        const policy = new Policy(chances);
        const { items, drafts } = setting(policy, ids, count);
        const records = await adaptiveRollouts(policy, items, { ...options, drafts });
        const flips = labelsOf(items, records).map(firstErrorOf);
        let allowed = 0;
        const seeds = new Set(policy.drawn.map(({ question, seed }) => `${question}${seed}`));
        for (const [i, { problem, sample }] of items.entries()) {
          for (let length = 1; length <= sample.steps.length; length++) {
            const drawn = Array.from({ length: options.count }, (_, k) =>
              seeds.has(problem.question + seedOf('test', problem.id, sample.index, length, k)),
            );
            expect(drawn).toEqual(drawn.toSorted((a, b) => Number(b) - Number(a)));
            const made = drawn.filter(Boolean).length;
            if (flips[i]! > 0 && length > flips[i]!) expect(made).toBeLessThanOrEqual(2);
            allowed += made;
          }
        }
        expect(policy.drawn).toHaveLength(allowed);
        expect(seeds.size).toBe(allowed);
      }),
    );
  });

  it('draws nothing where the samples decide', async () => {
    const problem = problemOf('p');
    const sample = (index: number, right: boolean, ...steps: string[]): Sample => ({
      problem: 'p',
      index,
      seed: index,
      steps,
      answer: right ? '1' : '0',
      right,
      tokens: 3,
    });
    const drafts = new Map([
      [
        'p',
        [
          sample(0, false, 'a', 'b'),
          sample(1, true, 'a', 'a', 'a'),
          sample(2, false, 'a', 'b'),
          sample(3, false, 'a', 'b'),
        ],
      ],
    ]);
    const policy = new Policy({ slips: 0.5, mends: 0 });
    const all = drafts.get('p')!.filter(({ right }) => !right);
    const items = all.map((item) => ({ problem, sample: item }));
    const records = await adaptiveRollouts(policy, items, { ...options, count: 2, drafts });
    expect(policy.drawn).toEqual([]);
    expect(labelsOf(items, records).map(firstErrorOf)).toEqual([2, 2, 2]);
    // With K = 3 each is short of one rollout, from a prefix that the three share.
    await adaptiveRollouts(policy, items, { ...options, count: 3, drafts });
    expect(policy.drawn.map(({ seed, from }) => [seed, from])).toEqual([
      [seedOf('test', 'p', 0, 2, 0), 2],
    ]);
  });

  it('looks beyond a prefix that fails by bad luck', async () => {
    // Only the third prefix verifies, which is known to the first two as well.
    const policy: Pick<Student, 'rollout'> = {
      rollout: async (requests) =>
        requests.map(({ prefixes }) =>
          prefixes.map(({ length, seeds }) =>
            seeds.map(() => ({ steps: ['d'], answer: length === 3 ? '1' : '0', tokens: 3 })),
          ),
        ),
    };
    const problem = problemOf('p');
    const steps = ['a', 'a', 'a', 'b', 'a'];
    const sample = { problem: 'p', index: 0, seed: 0, steps, answer: '0', right: false, tokens: 3 };
    const items = [{ problem, sample }];
    const [record] = await adaptiveRollouts(policy, items, options);
    expect(labelsOf(items, [record])).toEqual([[true, true, true, false, false]]);
    expect(record!.prefixes.map(({ attempts }) => attempts)).toEqual([8, 4, 2, 6, 2]);
    const brute = await rolloutsFrom(policy, items, options);
    expect(labelsOf(items, brute)).toEqual(labelsOf(items, [record]));
    expect(record!.tokens).toBeLessThan(brute[0]!.tokens);
  });

  it('lets a trace count by the rule that it is given', async () => {
    const policy = new Policy({ slips: 0.3, mends: 1 });
    const problem = problemOf('p');
    const sample = { ...policy.samples(problem, 1)[0]!, steps: ['b', 'a'], right: false };
    const items = [{ problem, sample }];
    const never = await adaptiveRollouts(policy, items, { ...options, verifies: () => false });
    expect(never[0]!.prefixes.map(({ attempts }) => attempts >= 6)).toEqual([
      true,
      expect.anything(),
    ]);
    expect(policy.drawn.splice(0)).toHaveLength(6);
    const seen: number[] = [];
    await adaptiveRollouts(policy, items, {
      ...options,
      verifies: (prefix, trace) => {
        seen.push(prefix.length);
        expect(begins(sample.steps, prefix)).toBe(true);
        expect(trace.right).toBe(true);
        return prefix.length === 1;
      },
    });
    expect(new Set(seen)).toEqual(new Set([1, 2]));
    expect(new Set(policy.drawn.map(({ from }) => from))).toEqual(new Set([1, 2]));
  });

  it('draws the same for a problem, whatever other problems are in the call', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ ids, count, ...chances }) => {
        const policy = new Policy(chances);
        const { items, drafts } = setting(policy, ids, count);
        const together = await adaptiveRollouts(policy, items, { ...options, drafts });
        const apart = await Promise.all(
          ids.map((id) =>
            adaptiveRollouts(
              policy,
              items.filter(({ problem }) => problem.id === id),
              { ...options, drafts },
            ),
          ),
        );
        expect(apart.flat()).toEqual(together);
      }),
    );
  });

  it('goes on from a journal to the same records', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'glore-adaptive-'));
    const ids = ['p', 'q', 'r', 's', 't'];
    const units = (policy: Policy) => {
      const { items, drafts } = setting(policy, ids, 4);
      return {
        units: ids.map((id) => items.filter(({ problem }) => problem.id === id)),
        shape: rolloutShape,
        key: (unit: RolloutItem[]) => unit[0]?.problem.id ?? 'none',
        work: (unit: RolloutItem[]) => adaptiveRollouts(policy, unit, { ...options, drafts }),
        parallel: 2,
      };
    };
    try {
      const chances = { slips: 0.4, mends: 0.05 };
      await collect({ path: join(folder, 'whole'), ...units(new Policy(chances)) });
      const abort = new AbortController();
      const interrupted = { path: join(folder, 'interrupted'), ...units(new Policy(chances)) };
      const stopped = collect({
        ...interrupted,
        signal: abort.signal,
        onUnit: (done) => done === 2 && abort.abort(new Error('stop')),
      });
      await expect(stopped).rejects.toThrow('stop');
      const policy = new Policy(chances);
      await collect({ path: join(folder, 'interrupted'), ...units(policy) });
      expect(readFileSync(join(folder, 'interrupted'))).toEqual(
        readFileSync(join(folder, 'whole')),
      );
      const rest = new Set(policy.drawn.map(({ question }) => question)).size;
      expect(rest).toBeGreaterThan(0);
      expect(rest).toBeLessThan(4);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('adaptiveRollouts of the base', () => {
  let model: LanguageModel;
  let student: Student;
  beforeAll(async () => {
    const folder = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
    const base = await loadCheckpoint(folder);
    model = await openEmbedded(base, 1);
    student = new Student(model.author(createCodec(openTokenizer(base.tokenizer))), 80);
  });
  afterAll(() => model.close());

  it("has nearly brute force's labels for a fraction of the tokens", async () => {
    const settings = { ...difficulty(0.4), steps: [2, 3] } as const;
    const problems = generateProblems({ split: 'train', count: 16, seed: 5, settings });
    const samples = await sampleSolutions(student, problems, {
      count: 4,
      temperature: 1,
      seed: 'drafts',
    });
    const drafts = new Map(
      problems.map(({ id }) => [id, samples.filter(({ problem }) => problem === id)]),
    );
    const items = samples
      .filter(({ right, steps }) => !right && steps.length > 0)
      .map((sample) => ({ problem: problems.find(({ id }) => id === sample.problem)!, sample }));
    const before = student.meter.generated;
    const brute = await rolloutsFrom(student, items, { ...options, drafts });
    const spent = student.meter.generated - before;
    const records = await adaptiveRollouts(student, items, {
      ...options,
      drafts,
      verifies: (prefix, trace) => verifies(prefix, trace, true),
    });
    const adaptive = student.meter.generated - before - spent;
    expect(records.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(adaptive);
    expect(adaptive).toBeLessThan(spent / 2);
    const labels = [brute, records].map((of) =>
      items.flatMap(({ sample }, i) => propagate(verify(sample, of[i], true).labels)),
    );
    expect(new Set(labels[0])).toEqual(new Set([true, false]));
    const equal = labels[0]!.filter((label, i) => label === labels[1]![i]).length;
    expect(equal / labels[0]!.length).toBeGreaterThan(0.9);
  });
});
