import { fileURLToPath } from 'node:url';
import { loadCheckpoint, openTokenizer, Trainer } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Codec, createCodec, renderSolution, type Solution } from '../codec/index.js';
import { globalExample, localExample } from '../dataset/index.js';
import {
  type Generated,
  GlobalRefiner,
  type LanguageModel,
  LocalRefiner,
  openEmbedded,
  RewardModel,
  Student,
} from '../model/index.js';
import { difficulty, generateProblems } from '../problem/index.js';
import type { Decision, Written } from './decision.js';
import { finalScore, type RefineOptions, refine, worth } from './refine.js';
import { chosen, refineAgain, refineInRounds } from './rounds.js';
import { locateFirstError } from './where.js';

const problems = generateProblems({
  split: 'train',
  count: 14,
  seed: 5,
  settings: difficulty(0.3),
});
const questions = problems.slice(6).map(({ question }) => question);
const maxTokens = 64;

let codec: Codec;
let critic: LanguageModel;
let writer: LanguageModel;
let drafts: Generated[];
/** The SORM's value of each line of each draft, and the ORM's of each whole draft. */
let values: number[][];
let scores: number[];
/** Between the drafts' lowest values, and between their scores: some are on either side. */
let threshold: number;
let tau: number;

const middle = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[half - 1]! + sorted[half]!) / 2;
};

/** The base as student and critic; the refiners, which it cannot be, are the base after a few updates. */
beforeAll(async () => {
  const folder = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
  const base = await loadCheckpoint(folder);
  codec = createCodec(openTokenizer(base.tokenizer));
  const examples = problems.slice(0, 6).flatMap(({ question, steps, answer }) => {
    const target = { steps: steps.map((step) => step.replace(/<<.*>>/, '')), answer };
    const draft = { steps: target.steps, answer: '0' };
    const record = { problem: '', question, draft, target };
    return [
      globalExample(codec, record),
      localExample(codec, { ...record, location: target.steps.length }),
    ];
  });
  const trainer = await Trainer.open(base, { workers: 2 });
  for (let step = 0; step < 8; step++) await trainer.step(examples, 2e-3);
  [critic, writer] = await Promise.all([
    openEmbedded(base, 1),
    openEmbedded({ ...base, weights: trainer.weights() }, 1),
  ]);
  await trainer.close();

  const { student, sorm } = models();
  drafts = await student.draft(questions);
  values = await sorm.values(questions.map((question, i) => ({ question, solution: drafts[i]! })));
  scores = values.map((lines, i) => finalScore(drafts[i]!, lines));
  threshold = middle(values.map((lines) => Math.min(...lines)));
  tau = middle(scores);
});
afterAll(async () => {
  await Promise.all([critic.close(), writer.close()]);
});

const models = (refinerTokens = maxTokens) => ({
  student: new Student(critic.author(codec), maxTokens),
  orm: new RewardModel(critic.critic(codec)),
  sorm: new RewardModel(critic.critic(codec)),
  global: new GlobalRefiner(writer.author(codec), refinerTokens),
  local: new LocalRefiner(writer.author(codec), refinerTokens),
});
const rerank = (more: Partial<RefineOptions> = {}): RefineOptions => ({
  mode: 'rerank',
  threshold,
  tau: 0,
  ...more,
});
const textOf = ({ steps, answer }: Solution): Solution => ({ steps, answer });
const sources = ({ candidates }: Decision) => candidates.map(({ source }) => source);

describe('rerank', () => {
  it('has the draft, the global and, where an error is seen, the local refinement', async () => {
    const decisions = await refine(questions, models(), rerank());
    const { global, local } = models();
    for (const [i, decision] of decisions.entries()) {
      const item = { question: questions[i]!, draft: drafts[i]! };
      expect(decision.values).toHaveLength(values[i]!.length);
      for (const [k, value] of decision.values.entries())
        expect(value).toBeCloseTo(values[i]![k]!, 5);
      const location = locateFirstError(values[i]!, threshold);
      expect(decision.location).toBe(location);
      const expected = [
        { source: 'draft', ...drafts[i]! },
        { source: 'global', ...(await global.refine([item]))[0]! },
        ...(location < 0
          ? []
          : [{ source: 'local', ...(await local.refine([{ ...item, location }]))[0]! }]),
      ];
      expect(
        decision.candidates.map(({ source, solution, tokens }) => ({
          source,
          ...solution,
          tokens,
        })),
      ).toEqual(expected);
      if (location > 0) {
        const kept = drafts[i]!.steps.slice(0, location - 1);
        expect(decision.candidates[2]!.solution.steps.slice(0, kept.length)).toEqual(kept);
      }
    }
    expect(new Set(decisions.map(({ location }) => location > 0)).size).toBe(2);
  });

  it('chooses what the ORM values most; a solution without an answer has no value', async () => {
    // Some drafts stop before their answers, so refinements are chosen as well as drafts.
    const given = drafts.map((draft, i) => (i % 2 ? draft : { ...draft, answer: null }));
    const decisions = await refine(questions, models(), rerank(), given);
    const { orm } = models();
    for (const [i, { candidates, choice }] of decisions.entries()) {
      expect(textOf(candidates[0]!.solution)).toEqual(textOf(given[i]!));
      const all = candidates.map(({ score }) => score);
      for (const { solution, score } of candidates) {
        const [lines] = await orm.values([{ question: questions[i]!, solution }]);
        expect(score).toBeCloseTo(solution.answer === null ? 0 : lines!.at(-1)!, 5);
      }
      expect(choice).toBe(all.findIndex((score) => all.every((other) => other <= score)));
    }
    expect(new Set(decisions.map((decision) => chosen(decision).source)).size).toBeGreaterThan(1);
  });

  it('keeps the draft where candidates are equal', async () => {
    // Refiners cut off after a token give no answer, like these drafts.
    const stopped = drafts.map((draft) => ({ ...draft, answer: null }));
    const decisions = await refine(questions, models(1), rerank({ threshold: 2 }), stopped);
    for (const decision of decisions) {
      expect(sources(decision)).toEqual(['draft', 'global', 'local']);
      expect(decision.candidates.map(({ score }) => score)).toEqual([0, 0, 0]);
      expect(decision.choice).toBe(0);
    }
  });

  it('keeps the draft where a refinement is the same text, whatever rounding makes of its value', async () => {
    let asked = 0;
    const orm = new RewardModel({
      value: async (items) => {
        const rounding = 1e-7 * asked++;
        return items.map(({ solution: { steps } }) => ({
          values: [...steps, ''].map(() => 0.5 + rounding),
          tokens: 1,
        }));
      },
    });
    // At temperature 0 the student writes its draft again, and here the global refiner is the student.
    const author = critic.author(codec);
    const global = new GlobalRefiner(
      {
        write: (requests, sampling) => {
          const asStudent = requests.map((request) => ({
            ...request,
            task: { role: 'student' as const, question: request.task.question, steps: [] },
          }));
          return author.write(asStudent, sampling);
        },
      },
      maxTokens,
    );
    const roles = { ...models(), global, orm };
    const decisions = await refine(questions, roles, rerank({ threshold: 0 }), drafts);
    const answered = decisions.filter(({ candidates }) => candidates[0]!.solution.answer !== null);
    expect(answered.length).toBeGreaterThan(0);
    for (const { candidates, choice } of answered) {
      expect(candidates[1]!.score).toBeGreaterThan(candidates[0]!.score);
      expect(choice).toBe(0);
    }
  });

  it('sees no error anywhere below the lowest threshold, and one in every first line above all', async () => {
    const none = await refine(questions, models(), rerank({ threshold: 0 }));
    for (const decision of none) {
      expect(decision.location).toBe(-1);
      expect(sources(decision)).toEqual(['draft', 'global']);
    }
    const every = await refine(questions, models(), rerank({ threshold: 1.01 }));
    expect(every.map(({ location }) => location)).toEqual(questions.map(() => 1));
  });

  it('decides each question as if it were alone', async () => {
    const together = await refine(questions, models(), rerank());
    for (const [i, question] of questions.entries()) {
      const [alone] = await refine([question], models(), rerank());
      expect(alone!.location).toBe(together[i]!.location);
      expect(alone!.candidates).toHaveLength(together[i]!.candidates.length);
      for (const [k, { score, ...rest }] of alone!.candidates.entries()) {
        expect(together[i]!.candidates[k]).toMatchObject(rest);
        expect(score).toBeCloseTo(together[i]!.candidates[k]!.score, 5);
      }
      // Equal texts may be told apart by rounding, which the batch decides; the text chosen is the same.
      expect(chosen(alone!).solution).toEqual(chosen(together[i]!).solution);
    }
    expect(await refine([], models(), rerank())).toEqual([]);
  });
});

describe('the choice of both critics', () => {
  it('values each candidate by its least line too, and takes the best by the odds of both', async () => {
    const alone = await refine(questions, models(), { mode: 'rerank', threshold, tau: 0 }, drafts);
    const both = await refine(
      questions,
      models(),
      { mode: 'rerank', chooser: 'both', threshold, tau: 0 },
      drafts,
    );
    for (const [i, { candidates, choice }] of both.entries()) {
      expect(candidates.map(({ score }) => score)).toEqual(
        alone[i]!.candidates.map(({ score }) => score),
      );
      const lines = await models().sorm.values(
        candidates.map(({ solution }) => ({ question: questions[i]!, solution })),
      );
      candidates.forEach(({ least }, k) => {
        expect(least).toBeCloseTo(Math.min(1, ...lines[k]!), 5);
      });
      const odds = candidates.map(
        ({ score, least }) => (score / (1 - score)) * (least! / (1 - least!)),
      );
      expect(odds[choice]).toBe(Math.max(...odds));
      expect(alone[i]!.candidates.every(({ least }) => least === undefined)).toBe(true);
    }
  });

  it('orders as the ORM does where the SORM sees no difference, and is finite at the ends', () => {
    const worths = [0, 0.2, 0.7, 1].map((score) => worth({ score, least: 0.5 }, 'both'));
    expect(worths).toEqual(worths.toSorted((a, b) => a - b));
    expect(worths.every(Number.isFinite)).toBe(true);
    expect(worth({ score: 0.9, least: 0.1 }, 'both')).toBeLessThan(
      worth({ score: 0.6, least: 0.6 }, 'both'),
    );
  });
});

describe('gate', () => {
  it('at 0 keeps every draft, and spends no more than the ORM reading them', async () => {
    const spent = models();
    const decisions = await refine(questions, spent, rerank({ mode: 'gate', tau: 0 }));
    for (const [i, decision] of decisions.entries()) {
      expect(decision).toMatchObject({ values: [], location: -1, choice: 0 });
      expect(sources(decision)).toEqual(['draft']);
      expect(textOf(chosen(decision).solution)).toEqual(textOf(drafts[i]!));
    }
    const read = questions.map((question, i) => codec.tagged(question, drafts[i]!).tokens.length);
    expect(spent.orm.meter.scored).toBe(read.reduce((sum, tokens) => sum + tokens, 0));
    expect(spent.sorm.meter.scored).toBe(0);
    expect(spent.global.meter.generated).toBe(0);
    expect(spent.local.meter.generated).toBe(0);
    expect(spent.student.meter.generated).toBe(drafts.reduce((sum, { tokens }) => sum + tokens, 0));
  });

  it('above 1 is rerank', async () => {
    const all = await refine(questions, models(), rerank());
    expect(await refine(questions, models(), rerank({ mode: 'gate', tau: 1.01 }))).toEqual(all);
  });

  it('refines what the ORM values below tau, and nothing else', async () => {
    const all = await refine(questions, models(), rerank(), drafts);
    const spent = models();
    const some = await refine(questions, spent, rerank({ mode: 'gate', tau }), drafts);
    expect(new Set(some.map(({ candidates }) => candidates.length > 1)).size).toBe(2);
    for (const [i, decision] of some.entries()) {
      if (scores[i]! >= tau) expect(sources(decision)).toEqual(['draft']);
      else {
        expect(sources(decision)).toEqual(sources(all[i]!));
        expect(decision.candidates.map(({ solution }) => solution)).toEqual(
          all[i]!.candidates.map(({ solution }) => solution),
        );
        expect(chosen(decision).solution).toEqual(chosen(all[i]!).solution);
      }
    }
    const generated = some
      .flatMap(({ candidates }) => candidates.slice(1))
      .reduce((sum, { tokens }) => sum + tokens, 0);
    expect(spent.global.meter.generated + spent.local.meter.generated).toBe(generated);
    expect(spent.student.meter.generated).toBe(0);
  });
});

describe('rounds', () => {
  const heat = 1.5;
  const seed = (index: number, round: number) => 100 * index + round;
  const inRounds = (more: { readonly tau?: number; readonly rounds?: number } = {}) =>
    refineInRounds(questions, models(), {
      rounds: 3,
      threshold,
      tau: 1.01,
      temperature: heat,
      seed,
      ...more,
    });

  it('begin with rerank, and refine the best again, sampled', async () => {
    const traces = await inRounds();
    const first = await refine(questions, models(), rerank());
    expect(traces.map(([decision]) => decision)).toEqual(first);
    const { global, local } = models();
    for (const [i, trace] of traces.entries()) {
      expect(trace).toHaveLength(3);
      for (const [k, { values: lines, location, candidates }] of trace.entries()) {
        if (k === 0) continue;
        const [best, anew, onward] = candidates;
        const before = chosen(trace[k - 1]!);
        expect(best).toEqual({
          source: 'draft',
          solution: before.solution,
          score: expect.closeTo(before.score, 5),
          tokens: 0,
        });
        const item = { question: questions[i]!, draft: before.solution, seed: seed(i, k + 1) };
        const [sampled] = await global.refine([item], heat);
        expect({ ...anew!.solution, tokens: anew!.tokens }).toEqual(sampled);
        expect(location).toBe(locateFirstError(lines, threshold));
        expect(candidates).toHaveLength(location < 0 ? 2 : 3);
        if (!onward) continue;
        const [continued] = await local.refine([{ ...item, location }], heat);
        expect({ ...onward.solution, tokens: onward.tokens }).toEqual(continued);
      }
      const scores = trace.map((decision) => chosen(decision).score);
      for (const [k, score] of scores.slice(1).entries())
        expect(score).toBeGreaterThan(scores[k]! - 1e-5);
    }
  });

  it('stop as soon as the ORM is content, on the way that they would have gone', async () => {
    const all = await inRounds();
    const scoresAt = all.map(([, second]) => chosen(second!).score);
    const tau = middle(scoresAt);
    const some = await inRounds({ tau });
    for (const [i, trace] of some.entries()) {
      const bests = [scores[i]!, ...all[i]!.map((decision) => chosen(decision).score)];
      const rounds = bests.findIndex((score) => score >= tau);
      expect(trace).toHaveLength(Math.max(1, rounds < 0 ? 3 : Math.min(3, rounds)));
      if (rounds === 0) expect(sources(trace[0]!)).toEqual(['draft']);
      else {
        expect(
          trace.map((decision) => decision.candidates.map(({ solution }) => solution)),
        ).toEqual(
          all[i]!.slice(0, trace.length).map((decision) =>
            decision.candidates.map(({ solution }) => solution),
          ),
        );
      }
    }
    expect(new Set(some.map(({ length }) => length)).size).toBeGreaterThan(1);
    const spent = models();
    await refineInRounds(questions, spent, {
      rounds: 3,
      threshold,
      tau: 0,
      temperature: heat,
      seed,
    });
    expect(spent.global.meter.generated + spent.local.meter.generated).toBe(0);
  });

  it('go on from a first round that is known', async () => {
    const known = await refine(questions, models(), rerank(), drafts);
    const spent = models();
    const options = { rounds: 2, threshold, tau: 1.01, temperature: heat, seed };
    const traces = await refineInRounds(questions, spent, options, known);
    expect(traces).toEqual(await inRounds({ rounds: 2 }));
    expect(spent.student.meter.generated).toBe(0);
  });
});

describe('what is heard while it is written', () => {
  /** The last text of each solution that was told of, by round, source and question. */
  const hearing = () => {
    const heard = new Map<string, string>();
    const hear = ({ index, source, text }: Written, round = 1) => {
      const name = `${round} ${source} ${index}`;
      // Each is what was told before, and a line more.
      const before = heard.get(name);
      if (before !== undefined) expect(text.startsWith(`${before}\n`)).toBe(true);
      heard.set(name, text);
    };
    return { heard, hear };
  };
  /** What was written anew, by the same names; nothing is told of what has no whole line. */
  const writtenIn = (traces: readonly (readonly Decision[])[]) =>
    new Map(
      traces.flatMap((trace, index) =>
        trace.flatMap(({ candidates, location }, k) =>
          candidates
            .slice(k === 0 ? 0 : 1)
            .filter(({ source, solution: { steps, answer } }) => {
              const kept = source === 'local' ? location - 1 : 0;
              return steps.length > kept || answer !== null;
            })
            .map(({ source, solution }) => {
              return [`${k + 1} ${source} ${index}`, renderSolution(solution)] as const;
            }),
        ),
      ),
    );

  it('is each solution in the end, of a gate that refines some', async () => {
    const { heard, hear } = hearing();
    const decisions = await refine(questions, models(), { ...rerank(), mode: 'gate', tau, hear });
    expect(new Set(decisions.map(({ candidates }) => candidates.length > 1)).size).toBe(2);
    expect(heard).toEqual(writtenIn(decisions.map((one) => [one])));
  });

  it('is that of the further rounds by the index of its question', async () => {
    const { heard, hear } = hearing();
    const settings = rerank({ mode: 'gate', tau });
    const further = { rounds: 3, temperature: 1.5, seed: (i: number, r: number) => 100 * i + r };
    const traces = await refineAgain(
      questions,
      models(),
      { ...settings, hear },
      { ...further, hear },
      drafts,
    );
    expect(traces.some((trace) => trace.length > 1)).toBe(true);
    const expected = [...writtenIn(traces)].filter(([name]) => !name.startsWith('1 draft'));
    expect(heard).toEqual(new Map(expected));
  });
});

describe('finalScore', () => {
  it('is the value of the answer line, and 0 without one', () => {
    expect(finalScore({ steps: ['a'], answer: '5' }, [0.9, 0.4])).toBe(0.4);
    expect(finalScore({ steps: ['a'], answer: null }, [0.9])).toBe(0);
    expect(finalScore({ steps: [], answer: null }, [])).toBe(0);
  });
});
