import { fileURLToPath } from 'node:url';
import { loadCheckpoint, Model, openTokenizer } from '@glore/engine';
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
import { difficulty, generateProblems } from '../problem/index.js';
import { isRight } from '../rollout/index.js';
import { attempt, refinements } from './attempt.js';
import { type Controlled, controls } from './controls.js';
import { recordsOf } from './records.js';
import { half, records } from './records.testing.js';
import { evaluate } from './report/index.js';
import { wayOf } from './ways/index.js';

const problems = generateProblems({ split: 'test', count: 6, seed: 4, settings: difficulty(0.3) });
const maxTokens = 64;

let model: LanguageModel;
let codec: Codec;
let items: Controlled[];
beforeAll(async () => {
  const folder = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
  const base = await loadCheckpoint(folder);
  codec = createCodec(openTokenizer(base.tokenizer));
  model = await openEmbedded(base, 1);
  const critic = () => new RewardModel(model.critic(codec));
  const roles = { student: student(), orm: critic(), sorm: critic(), ...refiners() };
  const attempts = await attempt(roles, problems, { samples: 1, temperature: 1, seed: 'test' });
  const lowest = attempts.map(({ draft }) => Math.min(...draft.sorm)).sort((a, b) => a - b);
  // A threshold that finds an error in four of the six drafts.
  const at = (lowest[3]! + lowest[4]!) / 2;
  const refined = await refinements(roles, problems, attempts, { sorm: at, orm: at });
  items = recordsOf(attempts, refined).map((record, i, all) => ({
    ...record,
    problem: problems[i]!,
    other: all[(i + 1) % all.length]!.attempts.draft,
  }));
});
afterAll(() => model.close());

const student = () => new Student(model.author(codec), maxTokens);
const refiners = () => ({
  global: new GlobalRefiner(model.author(codec), maxTokens),
  local: new LocalRefiner(model.author(codec), maxTokens),
});
const made = (seed: string) => {
  const [orm, sorm] = [model, model].map((one) => new RewardModel(one.critic(codec)));
  const roles = { student: student(), plain: student(), orm: orm!, sorm: sorm!, ...refiners() };
  return controls(roles, codec, items, { seed, temperature: 1 });
};

describe('controls', () => {
  it("refine another problem's draft, solve plainly, and rewrite from a random line", async () => {
    const found = await made('s');
    const places = new Set<number>();
    for (const [i, { problem, attempts, refinements, other }] of items.entries()) {
      const { question } = problem;
      const { draft } = attempts;
      const [blind] = await refiners().global.refine([{ question, draft: other }]);
      const [plain] = await student().draft([question]);
      const verdict = ({ answer, tokens }: { answer: string | null; tokens: number }) => ({
        answer,
        right: isRight(problem, answer),
        tokens,
      });
      const { localRandom, beams, likelihoods, ...rest } = found[i]!;
      expect(rest).toEqual({
        problem: problem.id,
        globalBlind: verdict(blind!),
        globalPlain: verdict(plain!),
        prompt: codec.prompt(question).length,
        read: refinements.decision.candidates.map(
          ({ solution }) =>
            codec.tagged(question, solution).tokens.length - codec.prompt(question).length,
        ),
      });
      if (refinements.decision.location < 0) {
        expect(localRandom).toEqual({ ...verdict(draft), tokens: 0 });
        continue;
      }
      // It is what some line of the draft leads to.
      const lines = draft.steps.length + (draft.answer === null ? 0 : 1);
      const all = await refiners().local.refine(
        Array.from({ length: lines }, (_, k) => ({
          question,
          draft: solutionIn(draft),
          location: k + 1,
        })),
      );
      const at = all.findIndex(
        ({ answer, tokens }) => answer === localRandom.answer && tokens === localRandom.tokens,
      );
      expect(at).toBeGreaterThanOrEqual(0);
      places.add(at);
    }
    expect(items.filter(({ refinements }) => refinements.decision.location > 0)).toHaveLength(4);
    expect(places.size).toBeGreaterThan(1);
  });

  it('say how likely the student finds what is chosen from, as it was drawn', async () => {
    const folder = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
    const engine = await Model.open(await loadCheckpoint(folder), { workers: 1 });
    const found = await made('s');
    const seen: number[] = [];
    for (const [i, { problem, attempts, refinements }] of items.entries()) {
      const { samples, candidates } = found[i]!.likelihoods!;
      expect(samples).toHaveLength(attempts.samples.length);
      expect(candidates).toHaveLength(refinements.decision.candidates.length);
      const tokens = codec.prompt(problem.question);
      const { completions } = await engine.generate({
        contexts: [{ tokens, branches: [{ length: tokens.length, seed: 0 }] }],
        maxTokens,
        temperature: 0,
        stop: [codec.ids.eos],
        logprobs: { top: 0, of: [] },
      });
      const { tokens: written, logprobs } = completions[0]![0]!;
      // What was cut off, or written otherwise than the codec does, is another text than what is read.
      if (written.join() !== codec.solution(codec.parse(written)).join()) continue;
      const drawn = logprobs!.reduce((sum, { logprob }) => sum + logprob, 0);
      expect(candidates[0]).toBeCloseTo(drawn, 3);
      seen.push(drawn);
    }
    await engine.close();
    expect(seen.length).toBeGreaterThan(1);
  });

  it('cost what the sequences of the models are long', async () => {
    const found = await made('s');
    const whole = items.map((item, i) => ({ ...item, controls: found[i]! }));
    // A line that was cut off is in no sequence.
    const ended = whole.filter(({ attempts: { draft } }) => draft.answer !== null);
    expect(ended.length).toBeGreaterThan(2);
    const setting = { k: 1, tau: 0 };
    const processed = (name: string, record: (typeof whole)[number]) =>
      wayOf(name)!.way.answer(record, setting)?.processed;
    for (const record of ended) {
      const { question } = record.problem;
      const { draft } = record.attempts;
      const { candidates, location } = record.refinements.decision;
      const [, global, local] = candidates;
      const length = {
        draft: codec.plain(question, draft).tokens.length,
        read: codec.tagged(question, draft).tokens.length,
        global: codec.globalPrompt(question, draft).length + global!.tokens,
        local: local ? codec.localPrompt(question, draft, location).length + local.tokens : 0,
        // The question is read once.
        choice: candidates.reduce(
          (sum, { solution }) => sum + codec.tagged(question, solution).tokens.length,
          -(candidates.length - 1) * codec.prompt(question).length,
        ),
      };
      expect(processed('draft', record)).toBe(length.draft);
      expect(processed('best-of-k', record)).toBe(
        codec.prompt(question).length +
          record.attempts.samples[0]!.tokens +
          codec.tagged(question, record.attempts.samples[0]!).tokens.length,
      );
      expect(processed('global', record)).toBe(length.draft + length.global);
      expect(processed('local', record)).toBe(length.draft + length.read + length.local);
      const { choice, ...parts } = length;
      expect(processed('rerank', record)).toBe(
        parts.draft + parts.read + parts.global + parts.local + choice,
      );
    }
  });

  it('follow from their seed', async () => {
    expect(await made('s')).toEqual(await made('s'));
  });
});

describe('the rows of controls', () => {
  const outcome = (right: boolean, tokens: number) => ({ answer: '', right, tokens });
  const of = (problem: string, right: boolean) => ({
    problem,
    globalBlind: outcome(right, 3),
    globalPlain: outcome(!right, 5),
    localRandom: outcome(right, 2),
    prompt: 10,
    read: [7, 8, 9],
  });
  const attempts = records.map((record) => record.attempts);
  const refined = records.map(({ refinements }) => refinements);
  const options = {
    thresholds: half,
    tau: 0.5,
    speeds: { generatedPerSecond: 1, scoredPerSecond: 1 },
  };
  const rowsOf = (list: Parameters<typeof evaluate>[0]) => {
    const { rows, comparisons } = evaluate(list, options);
    return {
      rows: new Map(rows.map((row) => [row.name, row])),
      pairs: comparisons.map(({ a, b }) => `${a} ${b}`),
    };
  };

  it('stand beside what they are controls of', () => {
    const retrained = attempts.map(({ samples: [draft, ...samples], ...rest }) => ({
      ...rest,
      draft: draft!,
      samples,
    }));
    const { rows, pairs } = rowsOf(
      recordsOf(attempts, refined, {
        controls: attempts.map(({ problem }, i) => of(problem, i < 1)),
        retrained,
      }),
    );
    const figures = (name: string) => [rows.get(name)?.accuracy, rows.get(name)?.generatedTokens];
    // Drafts have 25 tokens in the mean.
    expect(figures('global-blind')).toEqual([0.25, 28]);
    expect(figures('global-plain')).toEqual([0.75, 5]);
    expect(figures('local-random')).toEqual([0.25, 27]);
    expect(figures('retrained')).toEqual([0.5, 1]);
    // 0.95 wrong, 0.8 right, 0.9 right, 0.6 right.
    expect(figures('retrained-bo3')).toEqual([0.75, 9]);
    for (const pair of [
      'rerank retrained',
      'rerank retrained-bo3',
      'global global-blind',
      'local local-random',
    ]) {
      expect(pairs).toContain(pair);
    }
  });

  it('choose by likelihood, never what has no answer', () => {
    const answering = refined.map((record) => ({
      ...record,
      decision: {
        ...record.decision,
        candidates: record.decision.candidates.map((candidate) => ({
          ...candidate,
          solution: { ...candidate.solution, answer: candidate.source === 'draft' ? '1' : '2' },
        })),
      },
    }));
    const likely = (best: number, count: number) =>
      Array.from({ length: count }, (_, i) => (i === best ? -1 : -2));
    const rowsWith = (given: typeof refined) => {
      const controls = attempts.map(({ problem, samples }, i) => ({
        ...of(problem, true),
        likelihoods: {
          samples: likely(1, samples.length),
          candidates: likely(1, given[i]!.decision.candidates.length),
        },
      }));
      return rowsOf(recordsOf(attempts, given, { controls })).rows;
    };
    const share = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length;
    const second = share(attempts.map(({ samples }) => samples[1]!.right));
    expect(rowsWith(answering).get('likeliest-of-4')?.accuracy).toBe(second);
    const global = share(answering.map((record) => record.global.right));
    const draft = share(attempts.map((record) => record.draft.right));
    expect(global).not.toBe(draft);
    expect(rowsWith(answering).get('rerank-likeliest')?.accuracy).toBe(global);
    // As they are, no candidate has an answer, and the draft stays.
    expect(rowsWith(refined).get('rerank-likeliest')?.accuracy).toBe(draft);
  });

  it('are not there where nothing of them was measured', () => {
    const { rows } = rowsOf(recordsOf(attempts, refined));
    for (const name of [
      'global-blind',
      'local-random',
      'retrained',
      'retrained-bo3',
      'likeliest-of-4',
      'rerank-likeliest',
    ]) {
      expect(rows.has(name)).toBe(false);
    }
  });
});
