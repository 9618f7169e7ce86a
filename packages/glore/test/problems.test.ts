/**
 * Whole runs on problems from files, where nobody knows the truth of steps: GSM8K's form with models trained here, and
 * JSON Lines with every role served.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ProblemAttempts, ProblemRefinements } from '../src/evaluate/index.js';
import type { Report } from '../src/pipeline/index.js';
import { difficulty, generateProblems, type Problem, toGsm8k } from '../src/problem/index.js';
import type { Sample } from '../src/rollout/index.js';
import {
  base,
  type Ended,
  glore,
  recordsOf,
  stagesThatWorked,
  start,
  temporaryFolder,
  untilWritten,
  writeRecipe,
} from './glore.js';
import { Server } from './http/server.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let folder: string;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => rmSync(folder, { recursive: true }));

const linesOf = <T>(...parts: string[]): T[] =>
  readFileSync(join(...parts), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
const reportOf = (run: string) =>
  JSON.parse(readFileSync(join(run, 'report.json'), 'utf8')) as Report;
const writeLines = (name: string, records: readonly object[]) =>
  writeFileSync(
    join(folder, name),
    records.map((record) => `${JSON.stringify(record)}\n`).join(''),
  );

/** The recipe of the tests with its problems from files. */
const recipeOn = (name: string, set: string, ...changes: [string, string][]): string => {
  const path = writeRecipe(folder, name, ...changes);
  const yaml = readFileSync(path, 'utf8');
  const [from, to] = [yaml.indexOf('problems:\n'), yaml.indexOf('maxTokens:')];
  writeFileSync(path, `${yaml.slice(0, from)}problems: ${set}\n${yaml.slice(to)}`);
  return path;
};

/** What a report says where the truth of steps is not known. */
function expectNoTruth(run: string): void {
  const report = reportOf(run);
  expect(report.rows.map(({ name }) => name)).not.toContain('local-truth');
  expect(report.rows.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['draft', 'bo3', 'global', 'local', 'local-orm', 'rerank', 'gate']),
  );
  expect(report.labels).toMatchObject({
    accuracy: null,
    accuracyOfWrong: null,
    firstErrors: null,
  });
  for (const critic of Object.values(report.critics)) {
    expect(critic).not.toHaveProperty('stepAccuracy');
    expect(critic.firstError).toEqual({});
    expect(critic.ece).toEqual(expect.any(Number));
  }
  expect(report.firstErrors).toEqual([]);
  expect(report.thresholds.step).toEqual({ orm: 0.5, sorm: 0.5 });
  const refined = linesOf<ProblemRefinements>(run, 'evaluation/test.refinements.jsonl');
  expect(refined.every(({ localTruth }) => localTruth === null)).toBe(true);
  const attempts = linesOf<ProblemAttempts>(run, 'evaluation/test.attempts.jsonl');
  expect(attempts.every(({ draft }) => draft.truth === null)).toBe(true);
}

const idsIn = (run: string, set: string) =>
  linesOf<Problem>(run, `problems/${set}.jsonl`).map(({ id }) => id);

describe('GSM8K, trained here', () => {
  let run: string;
  let recipe: string;
  let finished: Ended;
  const options = (split: 'train' | 'test', count: number) =>
    generateProblems({ split, count, seed: 8, settings: { ...difficulty(0), steps: [2, 3] } });

  beforeAll(async () => {
    const test = options('test', 20).map(toGsm8k);
    const train = options('train', 150).map(toGsm8k);
    // Two test problems and a question asked twice are in the training file, with other white space.
    const again = (record: { question: string; answer: string }) => ({
      ...record,
      question: ` ${record.question.replaceAll(' ', '  ')}\n`,
    });
    writeLines('train.jsonl', [...train, again(test[0]!), again(test[7]!), again(train[5]!)]);
    writeLines('test.jsonl', test);
    run = join(folder, 'run');
    recipe = recipeOn(
      'gsm8k',
      '{ source: gsm8k, train: train.jsonl, test: test.jsonl, dev: 12, limit: 16 }',
      ['problems: 140, samples: 3', 'problems: 100, samples: 3'],
      ['candidates: 24', 'candidates: 20'],
      ['samples: 8', 'samples: 3'],
      ['epochs: 4', 'epochs: 1'],
    );
    finished = await glore(['run', recipe, '--run', run, '--json']);
    expect(finished).toMatchObject({ code: 0 });
  });

  it('runs whole, without what only a truth of steps could tell', () => {
    expectNoTruth(run);
    const report = reportOf(run);
    expect(report.problems).toBe(16);
    // The models know these questions.
    expect(report.rows.find(({ name }) => name === 'oracle')!.accuracy).toBeGreaterThan(0);
  });

  it('divides the file, drops what is tested, and says what is used twice', () => {
    const sets = ['train', 'candidates', 'sft', 'ei-1', 'dev', 'test'];
    const [train, candidates, sft, ei, dev, test] = sets.map((set) => idsIn(run, set)) as [
      string[],
      string[],
      string[],
      string[],
      string[],
      string[],
    ];
    expect([train, candidates, dev, test].map(({ length }) => length)).toEqual([100, 20, 12, 16]);
    // 150 - 12 of dev - 120 leave 18 that nothing else uses.
    expect(sft.filter((id) => train.includes(id))).toHaveLength(32 - 18);
    expect(ei.filter((id) => train.includes(id))).toHaveLength(70);
    const held = new Set([...candidates, ...dev]);
    expect([...train, ...sft, ...ei].filter((id) => held.has(id))).toEqual([]);
    expect(candidates.filter((id) => dev.includes(id))).toEqual([]);
    const kept = new Set([...train, ...candidates, ...sft, ...ei, ...dev]);
    for (const line of [151, 152, 153]) expect(kept.has(`train-${line}`)).toBe(false);
    expect(JSON.parse(readFileSync(join(run, 'problems/summary.json'), 'utf8'))).toMatchObject({
      train: 138,
      dropped: { repeated: 1, heldOut: 2 },
      sets: { sft: { problems: 32, wanted: 32, shared: 14 } },
    });
    expect(finished.stderr).toContain(
      '138 problems to train on; left out: 1 asked earlier in their file, 2 asked in dev or test as well',
    );
    expect(finished.stderr).toContain('sft: 32 of 32 problems; 14 of them are those of the drafts');
  });

  it('prints the table, answers a question and exports without a truth', async () => {
    const { code, stdout } = await glore(['report', '--run', run]);
    expect(code).toBe(0);
    expect(stdout).toContain('SORM labels: truth unknown, ');
    expect(stdout).not.toContain('first errors of wrong drafts');
    const { question } = linesOf<Problem>(run, 'problems/test.jsonl')[0]!;
    const asked = await glore(['ask', question, '--run', run]);
    expect(asked.stdout).toContain('<- chosen');
    const out = join(folder, 'bench');
    const args = ['export', run, '--format', 'processbench', '--out'];
    const { code: exported } = await glore([...args, out]);
    expect(exported).toBe(0);
    // Whether drafts of dev and test are right in their steps is not known.
    expect(readdirSync(out).toSorted()).toEqual(['README.md', 'labels.jsonl']);
    const card = readFileSync(join(out, 'README.md'), 'utf8');
    expect(card).toContain('How many of these labels are true is not known.');
    expect(card).toMatch(/gsm8k: train\.jsonl \(SHA-256 `[0-9a-f]{64}`\), test\.jsonl/);
    expect(card).not.toContain(folder);
    expect(card).toContain('3 for each of 100 problems');
    const refused = await glore([...args, join(folder, 'none'), '--set', 'test']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^error: --set test: .*\(truth-unknown\)\n$/);
  });

  it('does anew only what a changed file or count changes', async () => {
    const rerun = async (name: string, command: string, ...changes: [string, string][]) => {
      const other = join(folder, name);
      cpSync(run, other, { recursive: true });
      const path = join(folder, `${name}.yaml`);
      let yaml = readFileSync(recipe, 'utf8');
      for (const [from, to] of changes) yaml = yaml.replace(from, to);
      writeFileSync(path, yaml);
      const { code, stderr } = await glore([command, path, '--run', other, '--json']);
      expect(code).toBe(0);
      return stagesThatWorked(stderr);
    };
    const fewer = await rerun('tests', 'run', ['limit: 16', 'limit: 5']);
    expect(fewer).toEqual(['problems', 'evaluation', 'controls']);
    // The same file elsewhere is the same file.
    cpSync(join(folder, 'train.jsonl'), join(folder, 'moved.jsonl'));
    expect(await rerun('moved', 'run', ['train.jsonl', 'moved.jsonl'])).toEqual([]);
    // A corrected answer among dev is read by none of the stages before the evaluation.
    const { id } = linesOf<Problem>(run, 'problems/dev.jsonl')[0]!;
    const lines = readFileSync(join(folder, 'train.jsonl'), 'utf8').split('\n');
    const at = Number(id.replace('train-', '')) - 1;
    lines[at] = lines[at]!.replace(/#### \d+/, '#### 77');
    writeFileSync(join(folder, 'moved.jsonl'), lines.join('\n'));
    const corrected = await rerun('changed', 'orm', ['train.jsonl', 'moved.jsonl']);
    expect(corrected).toEqual(['problems']);
  });

  it('goes on after a kill, to the same records', async () => {
    const other = join(folder, 'killed');
    const begin = () => start(['datasets', recipe, '--run', other, '--json']);
    const running = begin();
    await untilWritten(running, join(other, 'drafts/samples.jsonl.journal'));
    running.child.kill('SIGKILL');
    await running.ended;
    expect(await begin().ended).toMatchObject({ code: 0 });
    const records = recordsOf(other);
    const expected = Object.entries(recordsOf(run)).filter(([path]) =>
      /^(problems|student|drafts|rollouts|labels|datasets)\//.test(path),
    );
    for (const [path, hash] of expected) expect([path, records[path]]).toEqual([path, hash]);
  });
});

describe('questions and solutions that are too long', () => {
  const story = 'Ann has 3 pens and finds 4 more. '.repeat(60);
  const record = (i: number) => ({ question: `Ann has ${i} pens. How many?`, answer: `${i}` });
  const long = (i: number) => ({ ...record(i), question: `${story}${i}?` });
  const onLong = (name: string, more: string, ...changes: [string, string][]) => {
    const ids = Array.from({ length: 60 }, (_, i) => i);
    writeLines(
      'long.jsonl',
      ids.map((i) => (i === 7 || i === 30 ? long(i) : record(i))),
    );
    writeLines('tests.jsonl', [record(90), long(91), record(92)]);
    const set = `{ source: jsonl, train: long.jsonl, test: tests.jsonl, dev: 5${more} }`;
    return recipeOn(name, set, ['sft: { problems: 32,', 'sft: { problems: 0,'], ...changes);
  };
  const problemsOf = (recipe: string, command = 'problems') =>
    glore([command, recipe, '--run', join(folder, 'long'), '--json']);

  it('are refused, all of them at once, unless the recipe leaves them out', async () => {
    const { code, stderr } = await problemsOf(onLong('refused', ''), 'run');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /problems: expected questions of at most \d+ tokens, .* found 3 longer: train-8 \(\d+\), train-31 \(\d+\), test-2 \(\d+\); leave them out with problems\.tooLong: drop, .*\(question-long\)/,
    );
  });

  it('are left out and counted with tooLong: drop', async () => {
    const { code, stderr } = await problemsOf(onLong('dropped', ', tooLong: drop'));
    expect(stderr).toContain(' asked in dev or test as well, 3 too long to be read');
    expect(code).toBe(0);
    const run = join(folder, 'long');
    expect(JSON.parse(readFileSync(join(run, 'problems/summary.json'), 'utf8'))).toMatchObject({
      train: 53,
      dropped: { repeated: 0, heldOut: 0, tooLong: 3 },
    });
    expect(idsIn(run, 'test')).toEqual(['test-1', 'test-3']);
  });

  it('are none where maxTokens holds no solution: that is said before any work', async () => {
    const recipe = onLong('short', ', tooLong: drop', ['maxTokens: 100', 'maxTokens: 3']);
    const { code, stderr } = await problemsOf(recipe);
    expect(code).toBe(2);
    expect(stderr).toMatch(/maxTokens: expected at least \d+, .* found 3: .*\(max-tokens\)/);
  });
});

describe('JSON Lines, served', () => {
  let server: Server;
  let run: string;
  let recipe: string;
  let finished: Ended;
  const everyone = ['student', 'orm', 'sorm', 'global', 'local']
    .map((role) => `  ${role}: { endpoint: local, model: scripted }\n`)
    .join('');
  /** Answers as people write them; the scripted student answers with a digit. */
  const answers = ['7.0', '$4', '1,080', '5 apples', '0.5', '-3', '9'];
  const problem = (n: number) => ({
    key: `q ${n}`,
    ask: `Mia pays $${n}.50 for “${n} pens” – what is left of ${n},000?\nGive a number.`,
    gold: answers[n % answers.length],
    how: n % 3 === 0 ? [`It is ${n}*2=<<${n}*2=${2 * n}>>${2 * n}.`, 'So it is.'] : [],
  });
  const problems = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => problem(from + i));

  beforeAll(async () => {
    server = await Server.start({ tokenizer: base });
    writeLines('mine.jsonl', problems(0, 40));
    writeLines('mine-dev.jsonl', problems(100, 6));
    writeLines('mine-test.jsonl', problems(200, 9));
    recipe = recipeOn(
      'jsonl',
      `{ source: jsonl, train: mine.jsonl, devFile: mine-dev.jsonl, test: mine-test.jsonl, dev: 10,
  fields: { question: ask, answer: gold, id: key, steps: how } }`,
      ['problems: 140, samples: 3', 'problems: 60, samples: 6'],
      ['candidates: 24', 'candidates: 20'],
      ['samples: 40', 'samples: 30'],
      ['consistency: true', 'consistency: false'],
      [
        'evaluation: { samples: 8, temperature: 1 }\n',
        `evaluation: { samples: 4, temperature: 1 }\nendpoints:\n  local: { url: "${server.url}" }\nmodels:\n${everyone}`,
      ],
    );
    run = join(folder, 'served-run');
    const begin = () => start(['run', recipe, '--run', run, '--json']);
    for (const journal of ['drafts/samples.jsonl.journal', 'evaluation/test.attempts.jsonl']) {
      const running = begin();
      await untilWritten(running, join(run, journal));
      running.child.kill('SIGKILL');
      await running.ended;
    }
    finished = await begin().ended;
    expect(finished).toMatchObject({ code: 0 });
  });
  afterAll(() => server.stop());

  it('runs whole through kills, without what only a truth of steps could tell', () => {
    expectNoTruth(run);
    expect(reportOf(run).problems).toBe(9);
    expect(existsSync(join(run, 'orm/model'))).toBe(false);
  });

  it('shares a file that is too small in proportion, and takes worked solutions where they are', () => {
    const [train, candidates, sft] = ['train', 'candidates', 'sft'].map((set) => idsIn(run, set));
    expect([train!.length, candidates!.length]).toEqual([30, 10]);
    expect(train!.filter((id) => candidates!.includes(id))).toEqual([]);
    const worked = linesOf<Problem>(run, 'problems/sft.jsonl');
    expect(worked.every(({ steps }) => steps.length === 2)).toBe(true);
    expect(sft!.every((id) => train!.includes(id) && Number(id.slice(2)) % 3 === 0)).toBe(true);
    // A served student has no rounds.
    expect(existsSync(join(run, 'problems/ei-1.jsonl'))).toBe(false);
    expect(JSON.parse(readFileSync(join(run, 'problems/summary.json'), 'utf8'))).toMatchObject({
      sets: {
        train: { problems: 30, wanted: 60 },
        dev: { problems: 6, wanted: 10 },
        test: { problems: 9, wanted: 9 },
      },
    });
  });

  it('judges answers by their value', () => {
    const gold = new Map(
      linesOf<Problem>(run, 'problems/train.jsonl').map(({ id, answer }) => [id, answer]),
    );
    const samples = linesOf<Sample>(run, 'drafts/samples.jsonl');
    expect(samples).toHaveLength(30 * 6);
    for (const { problem: id, answer, right } of samples) {
      const value = Number(gold.get(id)!.replace(/[^\d.-]/g, ''));
      expect([id, answer, right]).toEqual([id, answer, Number(answer) === value]);
    }
    expect(samples.some(({ right }) => right)).toBe(true);
  });

  it('exports the worked solutions, asks and reports', async () => {
    const out = join(folder, 'worked');
    const args = ['--format', 'trl-prompt-completion', '--set', 'student', '--out', out];
    expect(await glore(['export', run, ...args])).toMatchObject({ code: 0 });
    const rows = linesOf<{ prompt: string; completion: string }>(out, 'student.jsonl');
    expect(rows).toHaveLength(idsIn(run, 'sft').length);
    for (const { prompt, completion } of rows) {
      expect(prompt).toMatch(/^Mia pays .*\nGive a number\.\n$/);
      expect(completion).toMatch(/^It is (\d+)\*2=\d+\.\nSo it is\.\n#### \S/);
    }
    const asked = await glore(['ask', problem(300).ask, '--run', run]);
    expect(asked.stdout).toContain('<- chosen');
    expect((await glore(['report', '--run', run])).stdout).toContain('truth unknown');
  });

  it('samples nothing anew when only worked solutions or tests change', async () => {
    const other = join(folder, 'other-served');
    cpSync(run, other, { recursive: true });
    const path = join(folder, 'other.yaml');
    const yaml = readFileSync(recipe, 'utf8').replace('sft: { problems: 32', 'sft: { problems: 5');
    writeFileSync(path, yaml.replace('dev: 10', 'dev: 10, limit: 4'));
    const { code, stderr } = await glore(['run', path, '--run', other, '--json']);
    expect(code).toBe(0);
    expect(stagesThatWorked(stderr)).toEqual(['problems', 'evaluation', 'controls']);
  });
});

it('begins with the base where no problem has a worked solution', async () => {
  const solved = (split: 'train' | 'test', count: number) =>
    generateProblems({ split, count, seed: 9, settings: { ...difficulty(0), steps: [2, 3] } }).map(
      ({ question, answer }) => ({ question, answer: Number(answer) }),
    );
  writeLines('bare.jsonl', solved('train', 40));
  writeLines('bare-test.jsonl', solved('test', 3));
  const set = '{ source: jsonl, train: bare.jsonl, test: bare-test.jsonl, dev: 3 }';
  const rest: [string, string][] = [
    ['rounds: 1, problems: 70', 'rounds: 1, problems: 16'],
    ['candidates: 24', 'candidates: 0'],
  ];
  const run = join(folder, 'bare-run');
  const refused = await glore(['student', recipeOn('bare', set, ...rest), '--run', run]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(
    /student\.sft\.problems: expected 0, since no training problem has a worked solution .*, found 32 \(recipe\)\n$/,
  );
  expect(existsSync(run)).toBe(false);
  const recipe = recipeOn('bare', set, ['sft: { problems: 32', 'sft: { problems: 0'], ...rest);
  const { code, stderr } = await glore(['student', recipe, '--run', run]);
  expect(stderr).toContain('no worked solutions to learn from: the student begins as the base is');
  expect(code).toBe(0);
  const weights = (...path: string[]) => readFileSync(join(...path, 'model.safetensors'));
  expect(weights(run, 'student/round-0').equals(weights(base))).toBe(true);
  expect(weights(run, 'student/model').equals(weights(base))).toBe(false);
});

it('refuses questions that models of this process cannot read, before any work', async () => {
  writeLines('long.jsonl', [
    { question: 'How many? '.repeat(200), answer: 'a\n#### 1' },
    { question: 'And now?', answer: 'a\n#### 2' },
    { question: 'And then?', answer: 'a\n#### 3' },
  ]);
  const recipe = recipeOn(
    'long',
    '{ source: jsonl, train: long.jsonl, test: last.jsonl, dev: 1 }',
    ['candidates: 24', 'candidates: 0'],
  );
  writeLines('last.jsonl', [{ question: 'Last?', answer: 4 }]);
  const run = join(folder, 'long-run');
  const { code, stderr } = await glore(['run', recipe, '--run', run]);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^error: problems: expected questions of at most 262 tokens, .* found 1 longer: train-1 \(\d+\); /,
  );
  expect(existsSync(run)).toBe(false);
});
