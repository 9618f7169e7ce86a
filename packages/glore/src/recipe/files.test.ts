/** Recipes whose problems are from files: what is read, and what is refused by file, line and key. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contentsOf, type FileSet, readHeldOut } from './files.js';
import { readRecipe } from './recipe.js';

const root = resolve(import.meta.dirname, '../../../..');
const base = join(root, 'checkpoints/base');

const yaml = `seed: 1
workers: 2
base: ${base}
problems:
  SET
maxTokens: 60
student:
  sft: { problems: 3, epochs: 1, batch: 32, rate: 1.0e-3 }
  expertIteration: { rounds: 1, problems: 3, samples: 4, temperature: 1, epochs: 1, batch: 32, rate: 1.0e-3 }
drafts: { problems: 4, samples: 4, temperature: 1 }
rollouts: { samples: 4, count: 2, temperature: 1 }
labels: { propagation: true, consistency: true, balance: true }
localPairs: 3
training:
  orm: { start: student, candidates: 2, epochs: 1, batch: 32, rate: 1.0e-3 }
  sorm: { epochs: 2, batch: 32, rate: 1.0e-3 }
  global: { epochs: 1, batch: 32, rate: 1.0e-3, plain: 0.25 }
  local: { epochs: 1, batch: 32, rate: 1.0e-3, plain: 0.25 }
evaluation: { samples: 8, temperature: 1 }
`;

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-sets-'));
  mkdirSync(join(folder, 'data'));
  path = join(folder, 'recipe.yaml');
});
afterAll(() => rmSync(folder, { recursive: true }));

const data = (name: string) => join(folder, 'data', name);
const write = (name: string, lines: readonly unknown[]) =>
  writeFileSync(data(name), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

/** GSM8K's form, with an annotation in each step and a comma in the answer. */
const record = (n: number) => ({
  question: `A box holds ${n} nails. How many do a thousand boxes hold?`,
  answer: `They hold 1000*${n}=<<1000*${n}=${n}000>>${n},000 nails.\n#### ${n},000`,
});
const svampRecord = (n: number) => ({
  ID: `chal-${n}`,
  Body: `There are ${n} cats.`,
  Question: 'How many are there?',
  Answer: n + 0.5,
  Type: 'Addition',
});
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => record(from + i));

beforeEach(() => {
  write('train.jsonl', records(1, 13));
  write('test.jsonl', records(20, 25));
  writeFileSync(
    data('svamp.json'),
    JSON.stringify(Array.from({ length: 12 }, (_, i) => svampRecord(i + 1))),
  );
});

/** Reads the recipe with the set given as lines of YAML, and some of its text replaced. */
function read(set: string, ...changes: [string, string][]) {
  let text = yaml.replace('SET', set.trim().replaceAll('\n', '\n  '));
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`the recipe of the test has no "${from}"`);
    text = text.replace(from, to);
  }
  writeFileSync(path, text);
  return readRecipe(path);
}
const setOf = (recipe: ReturnType<typeof read>) => recipe.problems as FileSet;

const gsm8k = 'source: gsm8k\ntrain: data/train.jsonl\ntest: data/test.jsonl\ndev: 3';
const svamp = 'source: svamp\nfile: data/svamp.json\ndev: 3\ntest: 4';
const jsonl = gsm8k.replace('gsm8k', 'jsonl');
const served = `endpoints:
  local: { url: "http://127.0.0.1:1/v1" }
models:
  student: { endpoint: local, model: m }
evaluation:`;
const servedStudent: [string, string] = ['evaluation:', served];

describe('problems from files', () => {
  it('are found from the recipe, and known by their contents', () => {
    const set = setOf(read(gsm8k));
    expect(set).toEqual({
      source: 'gsm8k',
      files: {
        train: { file: data('train.jsonl'), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        test: { file: data('test.jsonl'), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
      dev: 3,
    });
    cpSync(data('train.jsonl'), data('moved.jsonl'));
    const moved = setOf(read(gsm8k.replace('train.jsonl', 'moved.jsonl')));
    expect(contentsOf(moved)).toEqual(contentsOf(set));
    expect(readHeldOut(moved)).toEqual(readHeldOut(set));
    write('moved.jsonl', records(1, 14));
    expect(contentsOf(setOf(read(gsm8k.replace('train.jsonl', 'moved.jsonl'))))).not.toEqual(
      contentsOf(set),
    );
  });

  it('are divided as the recipe says', () => {
    const { train, dev, test } = readHeldOut(setOf(read(`${gsm8k}\nlimit: 2`)));
    expect([train.length, dev.length, test.length]).toEqual([9, 3, 2]);
    expect(train[0]).toMatchObject({
      id: 'train-1',
      answer: '1,000',
      steps: ['They hold 1000*1=<<1000*1=1000>>1,000 nails.'],
    });
    expect(train[0]).not.toHaveProperty('truth');
    const one = readHeldOut(setOf(read(svamp, ['sft: { problems: 3', 'sft: { problems: 0'])));
    expect([one.train.length, one.dev.length, one.test.length]).toEqual([5, 3, 4]);
    expect(one.test[0]).toMatchObject({ steps: [], answer: expect.stringMatching(/^\d+\.5$/) });
  });

  it('have fields of any name, and dev in a file of its own', () => {
    const mine = (n: number, steps: unknown) => ({ key: n, q: `${n}+1?`, a: `${n + 1}`, w: steps });
    write('mine.jsonl', [
      mine(1, ['1+1=2.', ' ', '<<1+1=2>>']),
      mine(2, '2+1=3.\n\nSo 3.\n#### 3'),
      mine(3, []),
    ]);
    write('more.jsonl', [mine(9, []), mine(8, []), mine(7, [])]);
    write('tests.jsonl', [mine(4, [])]);
    const set = setOf(
      read(`source: jsonl
train: data/mine.jsonl
test: data/tests.jsonl
devFile: data/more.jsonl
dev: 2
fields: { question: q, answer: a, id: key, steps: w }`),
    );
    const { train, dev } = readHeldOut(set);
    expect(train.map(({ id, steps }) => [id, steps])).toEqual([
      ['1', ['1+1=2.']],
      ['2', ['2+1=3.', 'So 3.']],
      ['3', []],
    ]);
    expect(dev).toHaveLength(2);
  });

  it('are refused when they change between reading and use', () => {
    const set = setOf(read(gsm8k));
    write('test.jsonl', records(20, 26));
    expect(() => readHeldOut(set)).toThrow(expect.objectContaining({ code: 'problems-changed' }));
  });
});

describe('a set that cannot be used', () => {
  it.each<[what: string, set: string, message: string | RegExp]>([
    [
      'another source',
      'source: mars',
      ':5: problems.source: expected "world" or "gsm8k" or "svamp" or "jsonl", found "mars"',
    ],
    [
      'a key of another source',
      `${gsm8k}\nfields: {}`,
      ':9: problems.fields: expected one of the keys source, train, test, dev, limit, tooLong, found this one',
    ],
    [
      'a misspelt field',
      `${jsonl}\nfields: { qestion: q }`,
      ':9: problems.fields.qestion: expected one of the keys question, answer, id, steps, found this one',
    ],
    [
      'a file that is not there',
      gsm8k.replace('test.jsonl', 'none.jsonl'),
      /:7: problems\.test: expected a file, found none to read \(ENOENT.*data\/none\.jsonl/,
    ],
    [
      'too many dev problems',
      gsm8k.replace('dev: 3', 'dev: 12'),
      ':6: problems.train: expected problems left to train on, found none: 12 are there, 17 of dev and test, 0 asked twice, 0 asked in dev or test as well',
    ],
    [
      'dev problems that are all in test',
      `${jsonl}\ndevFile: data/test.jsonl`,
      ':9: problems.devFile: expected problems that are not in test, found none',
    ],
    [
      'worked solutions that are not there',
      svamp,
      ':11: student.sft.problems: expected 0, since no training problem has a worked solution to learn from (or a served student), found 3',
    ],
    [
      'candidates of one problem',
      gsm8k.replace('dev: 3', 'dev: 11'),
      ':18: training.orm.candidates: expected 0, since there is but one training problem, found 2',
    ],
  ])('is refused: %s', (_, set, message) => {
    const whole =
      typeof message === 'string'
        ? `${path}${message}`
        : expect.stringMatching(new RegExp(`^${path}${message.source}`));
    expect(() => read(set)).toThrow(expect.objectContaining({ code: 'recipe', message: whole }));
  });

  it.each<[what: string, name: string, line: string, key: string, message: RegExp]>([
    ['broken JSON', 'train.jsonl', '{"question": "a"', 'train', /valid JSON/],
    ['no answer', 'test.jsonl', '{"question": "a", "answer": "5"}', 'test', /a last line "####/],
    ['no question', 'train.jsonl', '{"answer": "#### 5"}', 'train', /the field "question"/],
  ])('names recipe and data: %s', (_, name, line, key, message) => {
    const lines = records(1, 13).map((item) => JSON.stringify(item));
    lines[4] = line;
    writeFileSync(data(name), lines.join('\n'));
    const recipeLine = key === 'train' ? 6 : 7;
    expect(() => read(gsm8k)).toThrow(
      new RegExp(
        `^${path}:${recipeLine}: problems\\.${key}: expected problems of GSM8K .*, found an error: ${data(name)}:5: expected ${message.source}`,
      ),
    );
  });

  it('refuses an answer that no solution can end with', () => {
    write('train.jsonl', [...records(1, 12), { question: 'q', answer: '#### <<1>>' }]);
    expect(() => read(jsonl)).toThrow(
      /problems\.train: .*train\.jsonl:12: expected a final answer/,
    );
  });

  it('takes problems without worked solutions where the student is served, or learns from samples alone', () => {
    expect(read(svamp, servedStudent).problems.source).toBe('svamp');
    expect(read(svamp, ['sft: { problems: 3', 'sft: { problems: 0']).student.sft.problems).toBe(0);
  });
});

describe('recipes/gsm8k.yaml', () => {
  const copy = (place: string, name = 'gsm8k.yaml'): string => {
    mkdirSync(join(folder, 'copy/recipes'), { recursive: true });
    mkdirSync(join(folder, 'copy/checkpoints'), { recursive: true });
    cpSync(join(root, 'recipes', name), join(folder, 'copy/recipes', name));
    cpSync(base, join(folder, 'copy/checkpoints/base'), { recursive: true });
    cpSync(place, join(folder, 'copy/data/gsm8k'), { recursive: true });
    return join(folder, 'copy/recipes', name);
  };
  const given = join(process.env.GLORE_DATA ?? resolve(root, '../shared/data'), 'gsm8k');

  it.each([undefined, 'all', 'quick'])('reads, preset %s', (preset) => {
    mkdirSync(data('few'), { recursive: true });
    write('few/train.jsonl', records(1, 600));
    write('few/test.jsonl', records(700, 710));
    const { models, problems } = readRecipe(copy(data('few')), preset);
    expect(problems.source).toBe('gsm8k');
    expect(Object.keys(models!)).toHaveLength(preset ? 5 : 1);
  });

  it.each([undefined, 'quick'])('and gsm8k-qwen.yaml, preset %s', (preset) => {
    mkdirSync(data('few'), { recursive: true });
    write('few/train.jsonl', records(1, 600));
    write('few/test.jsonl', records(700, 710));
    const { trainer, models } = readRecipe(copy(data('few'), 'gsm8k-qwen.yaml'), preset);
    expect(trainer!.roles.toSorted()).toEqual(Object.keys(models!).toSorted());
    expect(trainer!.command).toEqual(['../.venv/bin/python', '{train}', '{arguments}']);
    expect(trainer!.serve!.command!.slice(0, 5)).toEqual([
      ...['env', 'VLLM_ALLOW_RUNTIME_LORA_UPDATING=True', 'vllm', 'serve', '{student}'],
    ]);
  });

  it.each([
    [[], 'svamp', true],
    [['gsm8k', 'boxed'], 'gsm8k', false],
  ])(
    'and real-qwen.yaml, whose preset names another source, presets %j',
    (presets, source, few) => {
      mkdirSync(data('few'), { recursive: true });
      write('few/train.jsonl', records(1, 600));
      write('few/test.jsonl', records(700, 710));
      const path = copy(data('few'), 'real-qwen.yaml');
      mkdirSync(join(folder, 'copy/data/svamp'), { recursive: true });
      const rows = Array.from({ length: 400 }, (_, i) => svampRecord(i + 1));
      writeFileSync(join(folder, 'copy/data/svamp/SVAMP.json'), JSON.stringify(rows));
      const { problems, models } = readRecipe(path, presets);
      expect(problems.source).toBe(source);
      expect(Object.keys((problems as FileSet).files)).toEqual(few ? ['file'] : ['train', 'test']);
      expect(models!.student!.template?.prompt?.includes('boxed') ?? false).toBe(!few);
    },
  );

  it.skipIf(!existsSync(given))('uses the whole of GSM8K', () => {
    const { problems, drafts, training } = readRecipe(copy(given));
    const { train, dev, test, dropped } = readHeldOut(problems as FileSet);
    expect([train.length, dev.length, test.length]).toEqual([7000, 473, 1319]);
    expect(dropped).toEqual({ repeated: 0, heldOut: 0 });
    expect(drafts.problems + training.orm.candidates).toBe(train.length);
  });

  it.skipIf(!existsSync(join(given, '../svamp')))('and a recipe of its kind all of SVAMP', () => {
    cpSync(join(given, '../svamp/SVAMP.json'), data('all-svamp.json'));
    const set = setOf(
      read('source: svamp\nfile: data/all-svamp.json\ndev: 100\ntest: 300', servedStudent),
    );
    const { train, dev, test, dropped } = readHeldOut(set);
    expect([train.length, dev.length, test.length]).toEqual([600, 100, 300]);
    expect(dropped).toEqual({ repeated: 0, heldOut: 0 });
  });
});
