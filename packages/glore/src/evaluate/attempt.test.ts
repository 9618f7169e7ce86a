import { fileURLToPath } from 'node:url';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Codec, createCodec, solutionIn } from '../codec/index.js';
import {
  GlobalRefiner,
  type LanguageModel,
  LocalRefiner,
  openEmbedded,
  RewardModel,
  Student,
} from '../model/index.js';
import { difficulty, firstWrongStep, generateProblems, type Problem } from '../problem/index.js';
import { locateFirstError } from '../refine/index.js';
import { isRight, sampleSolutions } from '../rollout/index.js';
import { attempt, prefixTruth, refinements } from './attempt.js';
import { type Attempt, scoreOf, trueFirstError } from './records.js';

const problems = generateProblems({ split: 'test', count: 6, seed: 3, settings: difficulty(0.3) });
const options = { samples: 2, temperature: 1, seed: 'test' };
const maxTokens = 64;

let model: LanguageModel;
let codec: Codec;
beforeAll(async () => {
  const folder = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
  const base = await loadCheckpoint(folder);
  codec = createCodec(openTokenizer(base.tokenizer));
  model = await openEmbedded(base, 1);
});
afterAll(() => model.close());

const models = () => ({
  student: new Student(model.author(codec), maxTokens),
  orm: new RewardModel(model.critic(codec)),
  sorm: new RewardModel(model.critic(codec)),
  global: new GlobalRefiner(model.author(codec), maxTokens),
  local: new LocalRefiner(model.author(codec), maxTokens),
});
/** Problems without the truth of their steps. */
const unknown = (list: readonly Problem[]): Problem[] =>
  list.map(({ id, question, answer, steps }) => ({ id, question, answer, steps }));

describe('attempt', () => {
  it('has the greedy draft and the samples of each problem, judged and valued', async () => {
    const attempts = await attempt(models(), problems, options);
    const { student, orm } = models();
    const drafts = await student.draft(problems.map(({ question }) => question));
    const samples = await sampleSolutions(student, problems, {
      count: 2,
      temperature: 1,
      seed: 'test',
    });
    for (const [i, problem] of problems.entries()) {
      const { draft, samples: drawn, problem: id } = attempts[i]!;
      expect(id).toBe(problem.id);
      expect({ ...solutionIn(draft), tokens: draft.tokens }).toEqual(drafts[i]);
      expect(
        drawn.map(({ steps, answer, right, tokens }) => ({ steps, answer, right, tokens })),
      ).toEqual(
        samples
          .filter((sample) => sample.problem === problem.id)
          .map(({ steps, answer, right, tokens }) => ({ steps, answer, right, tokens })),
      );
      for (const item of [draft, ...drawn]) {
        expect(item.right).toBe(isRight(problem, item.answer));
        expect(item.truth).toEqual(prefixTruth(problem, item.steps));
        const [lines] = await orm.values([
          { question: problem.question, solution: solutionIn(item) },
        ]);
        // Here one model is both critics.
        for (const values of [item.orm, item.sorm]) {
          expect(values).toHaveLength(item.steps.length + (item.answer === null ? 0 : 1));
          for (const [k, value] of values.entries()) expect(value).toBeCloseTo(lines![k]!, 5);
        }
      }
    }
  });

  it('knows no truth of steps where the problem does not', async () => {
    const [only] = await attempt(models(), unknown(problems.slice(0, 1)), {
      ...options,
      samples: 0,
    });
    expect(only).toMatchObject({ samples: [], draft: { truth: null } });
  });
});

describe('refinements', () => {
  it('refines the drafts by the algorithm, and locally where the ORM and the truth say', async () => {
    const attempts = await attempt(models(), problems, options);
    // Thresholds that find an error in some drafts.
    const lowest = attempts.map(({ draft }) => Math.min(...draft.sorm)).sort((a, b) => a - b);
    const thresholds = {
      sorm: (lowest[2]! + lowest[3]!) / 2,
      orm: (lowest[3]! + lowest[4]!) / 2,
    };
    const records = await refinements(models(), problems, attempts, thresholds);
    const { local } = models();
    const verdict = (problem: Problem, text: { answer: string | null }, tokens: number) => ({
      answer: text.answer,
      right: isRight(problem, text.answer),
      tokens,
    });
    for (const [i, problem] of problems.entries()) {
      const { draft } = attempts[i]!;
      const { decision, global, problem: id, ...outcomes } = records[i]!;
      expect(id).toBe(problem.id);
      const [first, second, third] = decision.candidates;
      expect(first).toMatchObject({
        source: 'draft',
        solution: solutionIn(draft),
        tokens: draft.tokens,
      });
      expect(first!.score).toBeCloseTo(scoreOf(draft), 5);
      expect(global).toEqual(verdict(problem, second!.solution, second!.tokens));

      const places = {
        local: locateFirstError(draft.sorm, thresholds.sorm),
        localOrm: locateFirstError(draft.orm, thresholds.orm),
        localTruth: trueFirstError(draft)!,
      };
      expect(decision.location).toBe(places.local);
      expect(third?.source).toBe(places.local > 0 ? 'local' : undefined);
      for (const [name, location] of Object.entries(places)) {
        const item = { question: problem.question, draft: solutionIn(draft), location };
        const [refined] = location > 0 ? await local.refine([item]) : [];
        // Where no error is seen the draft stays, and nothing is spent.
        expect(outcomes[name as keyof typeof places]).toEqual(
          refined ? verdict(problem, refined, refined.tokens) : verdict(problem, draft, 0),
        );
      }
    }
    expect(records.filter(({ decision }) => decision.location > 0)).toHaveLength(3);

    const blind = await refinements(
      models(),
      unknown(problems),
      await attempt(models(), unknown(problems), options),
      thresholds,
    );
    expect(blind).toEqual(records.map((record) => ({ ...record, localTruth: null })));
  });
});

describe('prefixTruth and trueFirstError', () => {
  const [problem] = problems as [Problem];
  const steps = problem.steps.map((step) => step.replace(/<<.*>>/, ''));
  const slipped = steps.map((step, i) => (i === 1 ? step.replace(/\d\.$/, '10.') : step));
  const withTruth = (truth: boolean[] | null): Attempt => ({
    steps,
    answer: '1',
    right: true,
    tokens: 0,
    orm: [],
    sorm: [],
    truth,
  });

  it('hold a prefix for right while all its steps are', () => {
    expect(prefixTruth(problem, steps)).toEqual(steps.map(() => true));
    // A right step after a wrong one does not make the prefix right.
    expect(prefixTruth(problem, [...slipped, steps[0]!])).toEqual([
      true,
      ...slipped.map(() => false),
    ]);
    expect(prefixTruth(problem, [])).toEqual([]);
    expect(prefixTruth(unknown([problem])[0]!, steps)).toBeNull();
    // A structure alone says nothing of steps: SVAMP's types are one too.
    const typed = { ...unknown([problem])[0]!, structure: 'Addition' };
    expect(prefixTruth(typed, steps)).toBeNull();
  });

  it('find the first wrong step, from 1', () => {
    expect(trueFirstError(withTruth(prefixTruth(problem, slipped)))).toBe(2);
    expect(firstWrongStep(problem, slipped)).toBe(2);
    expect(trueFirstError(withTruth([true, true]))).toBe(-1);
    expect(trueFirstError(withTruth(null))).toBeUndefined();
  });
});
