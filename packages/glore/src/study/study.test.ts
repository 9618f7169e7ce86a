import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stageNames } from '../pipeline/index.js';
import { planStudy } from './run.js';
import { readStudy } from './study.js';

const recipes = resolve(import.meta.dirname, '../../../../recipes');
const yaml = `recipe: ${recipes}/tiny.yaml
seeds: [1, 2]
overlay:
  evaluation: { problems: 99 }
critics: [paper-orm]
variants:
  paper-orm:
    about: as in the paper
    recipe: { training: { orm: { start: student, candidates: 0 } } }
    keep: [problems]
  brute:
    about: all rollouts
    seeds: [2]
    recipe: { rollouts: { method: brute } }
    keep: [global, local, candidates, orm]
  no-propagation:
    about: no propagation
    against: brute
    seeds: [2]
    until: labels
    recipe:
      rollouts: { method: brute }
      labels: { propagation: false }
`;

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-study-'));
  path = join(folder, 'mine.yaml');
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(from = '', to = '') {
  if (!yaml.includes(from)) throw new Error(`the study of the test has no "${from}"`);
  writeFileSync(path, yaml.replace(from, to));
  return readStudy(path);
}

describe('readStudy', () => {
  it('has the main run on every seed, then the variants', () => {
    const study = read();
    expect(study).toMatchObject({ name: 'mine', seeds: [1, 2], critics: ['paper-orm'] });
    expect(study.runs.map(({ variant, seed, against }) => [variant, seed, against])).toEqual([
      ['main', 1, undefined],
      ['main', 2, undefined],
      ['paper-orm', 1, 'main'],
      ['paper-orm', 2, 'main'],
      ['brute', 2, 'main'],
      ['no-propagation', 2, 'brute'],
    ]);
    for (const { recipe, seed } of study.runs) expect(recipe.seed).toBe(seed);
  });

  it('lays the overlay and then the values of a variant over the recipe, the main run as it is', () => {
    const [main, , paper] = read().runs;
    expect(main!.recipe.evaluation.problems).toBeUndefined();
    expect(paper!.recipe).toEqual({
      ...main!.recipe,
      evaluation: { ...main!.recipe.evaluation, problems: 99 },
      training: {
        ...main!.recipe.training,
        orm: { ...main!.recipe.training.orm, start: 'student', candidates: 0 },
      },
    });
  });

  it('reads the study of the paper, on five seeds', () => {
    const study = readStudy(join(recipes, 'paper.yaml'));
    expect(study.seeds.length).toBeGreaterThanOrEqual(5);
    expect(study.page).toBe(resolve(recipes, '../docs/results.md'));
  });

  const wrong: [what: string, from: string, to: string, message: string][] = [
    ['an unknown key', 'overlay:', 'overly:', ':3: overly: expected one of the keys '],
    [
      'an unknown key of a variant',
      '    until:',
      '    til:',
      ':20: variants.no-propagation.til: expected one of the keys ',
    ],
    [
      'a wrong value of a variant',
      'method: brute } }\n',
      'method: rude } }\n',
      ':14: rollouts.method: expected "adaptive" or "brute", found "rude"',
    ],
    [
      'a wrong value for all variants',
      'problems: 99',
      'problems: 0',
      ':4: evaluation.problems: expected at least 1, found 0',
    ],
    [
      'values that do not go together',
      '      rollouts: { method: brute }\n',
      '',
      ':22: labels.propagation: expected true',
    ],
    [
      'a variant against none',
      'against: brute',
      'against: brut',
      ':18: variants.no-propagation.against: expected main or a variant before it (main, paper-orm, brute), found "brut"',
    ],
    [
      'a seed that the other run has not',
      'against: brute\n    seeds: [2]',
      'against: brute\n    seeds: [1]',
      ':19: variants.no-propagation.seeds: expected seeds of "brute" (2), found 1',
    ],
    [
      'a seed twice',
      'seeds: [1, 2]',
      'seeds: [1, 1]',
      ':2: seeds: expected each seed once, found [1,1]',
    ],
    [
      'critics of no variant',
      '[paper-orm]',
      '[paper]',
      ':5: critics.0: expected the name of a variant, found "paper"',
    ],
    [
      'a stage that is none',
      'keep: [problems]',
      'keep: [problem]',
      ':10: variants.paper-orm.keep.0: expected "problems" or ',
    ],
  ];
  it.each(wrong)('refuses %s, naming file, line and key', (_, from, to, message) => {
    let said = '';
    try {
      read(from, to);
    } catch (error) {
      expect(error).toMatchObject({ code: 'recipe' });
      said = (error as Error).message;
    }
    expect(said.slice(0, path.length + message.length)).toBe(path + message);
  });
});

describe('planStudy', () => {
  it('does only what a variant changes and does not keep', async () => {
    const planned = await planStudy(read());
    const plans = planned.map(({ run, plan }) => [
      run.variant,
      plan.anew.length < stageNames.length ? plan.anew : 'all',
      plan.kept,
    ]);
    expect(plans).toEqual([
      ['main', 'all', []],
      ['main', 'all', []],
      ['paper-orm', ['candidates', 'orm', 'evaluation', 'controls'], ['problems']],
      ['paper-orm', ['candidates', 'orm', 'evaluation', 'controls'], ['problems']],
      [
        'brute',
        ['rollouts', 'labels', 'datasets', 'sorm', 'evaluation', 'retrained', 'controls'],
        ['global', 'local', 'candidates', 'orm'],
      ],
      ['no-propagation', ['labels'], []],
    ]);
  });
});
