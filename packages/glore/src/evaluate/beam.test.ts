import { fileURLToPath } from 'node:url';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Codec, createCodec, type Solution } from '../codec/index.js';
import { type LanguageModel, openEmbedded, RewardModel, Student } from '../model/index.js';
import { difficulty, generateProblems } from '../problem/index.js';
import { isRight, seedOf } from '../rollout/index.js';
import { beamSearch } from './beam.js';

const problems = generateProblems({ split: 'test', count: 5, seed: 6, settings: difficulty(0.3) });
const lines = 12;

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
  student: new Student(model.author(codec), 160),
  orm: new RewardModel(model.critic(codec)),
  sorm: new RewardModel(model.critic(codec)),
});

describe('beamSearch', () => {
  it('of one greedy line at a time is the greedy solution', async () => {
    const found = await beamSearch(models(), problems, {
      beams: 1,
      width: 1,
      temperature: 0,
      seed: 's',
      lines,
    });
    const drafts = await models().student.draft(problems.map(({ question }) => question));
    for (const [i, { answer, tokens }] of drafts.entries()) {
      const { question } = problems[i]!;
      expect(found[i]).toMatchObject({ answer, tokens, right: isRight(problems[i]!, answer) });
      // Both critics read each line with its tag, and not the tag before the first.
      const read = codec.tagged(question, drafts[i]!).tokens.length - codec.prompt(question).length;
      if (answer !== null) expect(found[i]!.read).toBe(2 * read);
    }
  });

  it('goes on from the line that the SORM values most', async () => {
    const found = await beamSearch(models(), problems, {
      beams: 1,
      width: 3,
      temperature: 1,
      seed: 's',
      lines,
    });
    // The same, one problem and one line at a time.
    const { student, sorm } = models();
    for (const [i, problem] of problems.entries()) {
      let best: Solution = { steps: [], answer: null };
      let tokens = 0;
      for (let line = 1; line <= lines && best.answer === null; line++) {
        const { question } = problem;
        const seeds = [0, 1, 2].map((k) => seedOf('s', problem.id, line, 0, k));
        const [written] = await student.nextLines([{ question, steps: best.steps, seeds }], 1);
        let most = Number.NEGATIVE_INFINITY;
        const { steps } = best;
        for (const next of written!) {
          tokens += next.tokens;
          const solution = { steps: [...steps, ...next.steps], answer: next.answer };
          const [values] = await sorm.values([{ question, solution }]);
          if (values!.at(-1)! > most) [most, best] = [values!.at(-1)!, solution];
        }
      }
      expect(found[i]).toMatchObject({ answer: best.answer, tokens });
    }
  });

  it('ends without an answer where the lines are not enough', async () => {
    const options = { beams: 2, width: 2, temperature: 1, seed: 's', lines: 1 };
    for (const { answer, right } of await beamSearch(models(), problems, options)) {
      expect({ answer, right }).toEqual({ answer: null, right: false });
    }
  });
});
