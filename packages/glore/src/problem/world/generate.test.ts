import { describe, expect, it } from 'vitest';
import { type GenerateOptions, generateProblems } from './generate.js';
import { worldTexts } from './index.js';
import { solve } from './quantity.js';
import { difficulty, type Range, type WorldSettings } from './settings.js';
import { type EventKind, parseStory, tellStory } from './story.js';
import { type Split, splitOf, structureOf } from './structure.js';

const SPLITS: readonly Split[] = ['train', 'dev', 'test'];
const COUNT = 1500;
const settings = difficulty(1);
const make = (split: Split, more: Partial<GenerateOptions> = {}) =>
  generateProblems({ split, count: COUNT, seed: 17, settings, ...more });
const bySplit = { train: make('train'), dev: make('dev'), test: make('test') };
const all = SPLITS.flatMap((split) => bySplit[split]);
const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);

describe('generateProblems', () => {
  it('is deterministic, and a larger count only adds problems', () => {
    expect(make('test')).toEqual(bySplit.test);
    expect(make('test', { count: 40 })).toEqual(bySplit.test.slice(0, 40));
    const other = make('test', { seed: 18 }).map((problem) => problem.question);
    expect(other.filter((question) => bySplit.test.some((p) => p.question === question))).toEqual(
      [],
    );
  });

  it('names problems by split, seed and place', () => {
    expect(bySplit.test[123]!.id).toBe('world-test-17-000123');
    expect(make('dev', { count: 1, seed: 5, prefix: 'easy' })[0]!.id).toBe('easy-dev-5-000000');
  });

  it('makes distinct questions, even where few exist', () => {
    expect(new Set(all.map((problem) => problem.question)).size).toBe(3 * COUNT);
    const tiny = { ...difficulty(0), maxValue: 20, operands: [1, 4], factors: [2, 3] } as const;
    const questions = make('train', { settings: tiny }).map((problem) => problem.question);
    expect(new Set(questions).size).toBe(COUNT);
  });

  it('writes questions that read back to the same story, steps, answer and structure', () => {
    for (const { question, steps, answer, structure } of all) {
      const story = parseStory(question);
      expect(tellStory(story)).toBe(question);
      expect(solve(story)).toEqual({ steps, answer: Number(answer) });
      expect(structureOf(story)).toBe(structure);
    }
  });

  it('keeps splits apart by structure, distractors left aside', () => {
    const owner = new Map<string, Split>();
    for (const split of SPLITS) {
      for (const problem of bySplit[split]) {
        const core = problem.structure!.split(' #')[0]!;
        expect(owner.get(core) ?? split, core).toBe(split);
        owner.set(core, split);
      }
    }
    for (const split of SPLITS) {
      for (const problem of bySplit[split]) expect(splitOf(problem.structure!)).toBe(split);
    }
  });

  it('gives each split several structures of each length, with and without a second person', () => {
    const range = { ...settings, steps: [2, 6], distractors: 0 } as const;
    for (const split of SPLITS) {
      const problems = make(split, { settings: range });
      for (const named of [true, false]) {
        for (let length = 2; length <= 6; length++) {
          const structures = problems
            .filter((p) => p.steps.length === length && p.structure!.includes('B.') === named)
            .map((p) => p.structure);
          expect(new Set(structures).size, `${split} ${length} ${named}`).toBeGreaterThanOrEqual(2);
        }
      }
    }
  });

  it('has problems of one step, and no question of theirs in two splits', () => {
    const one = { ...settings, steps: [1, 1] } as const;
    const cores = SPLITS.map((split) => {
      const problems = make(split, { settings: one, count: 300 });
      expect(problems.filter(({ steps }) => steps.length !== 1)).toEqual([]);
      for (const { structure } of problems) expect(splitOf(structure!)).toBe(split);
      return new Set(problems.map(({ structure }) => structure!.split(' #')[0]!));
    });
    // Each split has each kind of change, since the first number decides.
    for (const found of cores) {
      const kinds = [...found]
        .filter((core) => core.startsWith('A.'))
        .map((core) => core.split(' ')[0]);
      expect(new Set(kinds).size).toBeGreaterThanOrEqual(4);
    }
    const [train, dev, test] = cores as [Set<string>, Set<string>, Set<string>];
    expect([...train].filter((core) => dev.has(core) || test.has(core))).toEqual([]);
  });

  it('says He or She where that is clear, and asks the same without', () => {
    const told = { ...settings, pronouns: 1 };
    const [plain, said] = [make('test'), make('test', { settings: told })];
    let changed = 0;
    for (const [i, { question, answer, steps }] of said.entries()) {
      const { events } = parseStory(question);
      for (const { kind, pronoun } of events) if (pronoun) expect(kind).not.toMatch(/times|price/);
      // The same story by names.
      const named = {
        ...parseStory(question),
        events: events.map(({ pronoun: _, ...event }) => event),
      };
      expect(tellStory(named)).toBe(plain[i]!.question);
      expect({ answer, steps }).toEqual({ answer: plain[i]!.answer, steps: plain[i]!.steps });
      if (question !== plain[i]!.question) changed++;
    }
    expect(changed / said.length).toBeGreaterThan(0.7);
  });

  it('keeps every number within the settings', () => {
    const { steps, operands, factors, maxValue } = settings;
    const ranges: Record<EventKind, Range> = {
      ...{ start: operands, gain: operands, lose: operands, more: operands, fewer: operands },
      ...{ times: factors, share: factors, multiple: factors },
      ...{ age: [5, 90], price: [2, 99] },
    };
    const within = (value: number, [low, high]: Range) => value >= low && value <= high;
    const given = all.flatMap((problem) => parseStory(problem.question).events);
    expect(given.filter(({ kind, amount }) => !within(amount, ranges[kind]))).toEqual([]);
    const shown = all.flatMap((problem) => problem.steps.flatMap(numbers));
    expect(shown.filter((value) => !within(value, [1, maxValue]))).toEqual([]);
    expect(all.filter((problem) => !within(problem.steps.length, steps))).toEqual([]);
  });

  it('never comes back to an earlier value of the solution', () => {
    for (const { steps } of all) {
      const results = steps.map((step) => numbers(step).at(-1));
      expect(new Set([numbers(steps[0]!)[0], ...results]).size, steps.join(' ')).toBe(
        steps.length + 1,
      );
    }
  });

  it('spreads lengths, names and distractors as the settings ask, in each split', () => {
    for (const split of SPLITS) {
      const share = (test: (problem: (typeof all)[number]) => boolean) =>
        bySplit[split].filter(test).length / COUNT;
      const lengths = settings.steps[1] - settings.steps[0] + 1;
      for (let length = settings.steps[0]; length <= settings.steps[1]; length++) {
        expect(share((p) => p.steps.length === length)).toBeCloseTo(1 / lengths, 1);
      }
      expect(share((p) => p.structure!.includes('B.'))).toBeCloseTo(settings.named, 1);
      expect(share((p) => p.structure!.includes('#'))).toBeCloseTo(settings.distractors, 1);
    }
  });

  it('uses the range: most results have as many digits as half of maxValue', () => {
    for (const [level, digits] of [
      [0, 2],
      [0.5, 3],
      [1, 4],
    ] as const) {
      const results = make('train', { settings: difficulty(level), count: 500 })
        .flatMap((problem) => problem.steps)
        .map((step) => numbers(step).at(-1)!);
      const full = results.filter((result) => String(result).length === digits);
      expect(full.length / results.length, `level ${level}`).toBeGreaterThan(0.5);
    }
  });

  it('prints no word that worldTexts lacks, and few words at all', () => {
    const words = (texts: readonly string[]) => new Set(texts.join('\n').match(/[A-Za-z]+|\S/g));
    const known = words(worldTexts());
    const printed = words(all.flatMap(({ question, steps }) => [question, ...steps]));
    expect([...printed].filter((word) => !known.has(word))).toEqual([]);
    expect(known.size).toBeLessThanOrEqual(120);
  });
});

describe('settings', () => {
  it('grow with the difficulty', () => {
    const size = ({ steps, maxValue, operands, factors, named, distractors }: WorldSettings) => [
      ...[...steps, maxValue, ...operands, ...factors, named, distractors],
    ];
    for (let level = 0; level < 1; level += 0.05) {
      const [before, after] = [
        size(difficulty(level)),
        size(difficulty(Math.min(1, level + 0.05))),
      ];
      after.forEach((value, place) => {
        expect(value).toBeGreaterThanOrEqual(before[place]!);
      });
    }
    expect(() => difficulty(2)).toThrow('found 2');
  });

  it('are refused when they make no sense', () => {
    const refused: Partial<WorldSettings>[] = [
      { steps: [0, 3] },
      { steps: [4, 3] },
      { steps: [2, 2.5] },
      { maxValue: 5 },
      { operands: [0, 10] },
      { operands: [9000, 9999] },
      { factors: [1, 3] },
      { operations: { gain: 0, lose: 0, times: 0, share: 1 } },
      { operations: { gain: -1, lose: 1, times: 1, share: 1 } },
      { named: 1.5 },
      { distractors: Number.NaN },
    ];
    for (const wrong of refused) {
      expect(
        () => make('train', { settings: { ...settings, ...wrong } }),
        JSON.stringify(wrong),
      ).toThrow(expect.objectContaining({ code: 'world.settings' }));
    }
  });

  it('that leave too few problems end in an error that says so', () => {
    const narrow = {
      ...settings,
      steps: [2, 2] as const,
      named: 0,
      operations: { gain: 1, lose: 0, times: 0, share: 0 },
    };
    const home = splitOf('A.gain A.gain ?A');
    expect(make(home, { settings: narrow, count: 5 })).toHaveLength(5);
    for (const split of SPLITS.filter((name) => name !== home)) {
      expect(() => make(split, { settings: narrow })).toThrow(
        expect.objectContaining({ code: 'world.exhausted' }),
      );
    }
  });
});
