import { fileURLToPath } from 'node:url';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCodec } from '../codec/index.js';
import { inRoles, type LanguageModel, openEmbedded, type Roles } from '../model/index.js';
import { difficulty, generateProblems } from '../problem/index.js';
import { writeCandidates } from './candidates.js';
import { refine } from './refine.js';

const problems = generateProblems({ split: 'train', count: 8, seed: 5, settings: difficulty(0.3) });
const questions = problems.map(({ question }) => question);

let model: LanguageModel;
let roles: Roles;
beforeAll(async () => {
  const folder = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
  const base = await loadCheckpoint(folder);
  model = await openEmbedded(base, 1);
  const players = { student: model, orm: model, sorm: model, global: model, local: model };
  roles = inRoles(players, createCodec(openTokenizer(base.tokenizer)), 64);
});
afterAll(() => model.close());

it.each([0, 0.5, 1])(
  'writes what the algorithm chooses among, at threshold %d',
  async (threshold) => {
    const decisions = await refine(questions, roles, { mode: 'rerank', threshold, tau: 0 });
    const written = await writeCandidates(questions, roles, threshold);
    expect(written).toEqual(
      decisions.map(({ candidates }) =>
        candidates.map(({ solution, tokens }) => ({ ...solution, tokens })),
      ),
    );
  },
);
