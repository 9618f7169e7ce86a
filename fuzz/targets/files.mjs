/** Files of problems and of answers, recipes and studies. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { readItems } from '../../packages/glore/dist/cli/ask/items.js';
import { program } from '../../packages/glore/dist/cli/program.js';
import { readGolden } from '../../packages/glore/dist/model/index.js';
import {
  readGsm8k,
  readJsonlProblems,
  readProcessBench,
  readSvamp,
} from '../../packages/glore/dist/problem/index.js';
import { goldAnswer } from '../../packages/glore/dist/reading/index.js';
import { makeRecipe, readRecipe } from '../../packages/glore/dist/recipe/index.js';
import { readStudy } from '../../packages/glore/dist/study/index.js';
import { base, someProblems } from '../folder.mjs';
import { known } from '../known.mjs';
import { mutateBytes, mutateLines, mutateText, mutateValue } from '../mutate.mjs';
import { checkShown, holds } from '../outcome.mjs';
import { soup } from '../texts.mjs';

const { problems: world, gsm8k } = someProblems();

const svamp = world.map(({ id, question, answer }) => {
  const at = question.lastIndexOf('. ');
  return {
    ...{ ID: id, Body: question.slice(0, at + 1), Question: question.slice(at + 2) },
    ...{ Equation: '( 1.0 + 2.0 )', Answer: Number(answer), Type: 'Addition' },
  };
});
const jsonl = world.map(({ id, question, answer, steps }) => ({
  ...{ id, question, answer, steps },
}));
const judged = world.map(({ id, question, steps }, i) => ({
  ...{ id, generator: 'x', problem: question, steps, final_answer_correct: true },
  label: i % 2 === 0 ? -1 : 0,
}));

/** A list, as JSON on one line or on many. */
const listOf = (random, rows) => {
  const value = random.chance(0.8) ? mutateValue(random, rows) : rows;
  const text = JSON.stringify(value, null, random.of([0, 1, 2])) ?? 'null';
  return random.chance(0.3)
    ? mutateBytes(random, Buffer.from(text))
    : Buffer.from(random.chance(0.2) ? mutateText(random, text) : text);
};

const readings = world.map(({ question, answer, steps }, i) => {
  const role = ['orm', 'sorm', 'student', 'global', 'local'][i % 5];
  if (role === 'orm' || role === 'sorm') {
    return { role, question, steps, answer, values: [...steps, answer].map(() => 0.5) };
  }
  const draft = role !== 'student' && { draft: { steps, answer } };
  const location = role === 'local' && { location: 1 + (i % steps.length) };
  return { role, question, ...draft, ...location, text: `${steps[0]}\n`, tokens: 9, apart: true };
});

/** What must hold of a problem's steps. */
const checkSteps = ({ steps }) =>
  holds(
    steps.every((step) => typeof step === 'string' && step.trim() !== ''),
    'shape',
    () => `steps ${JSON.stringify(steps).slice(0, 200)}`,
  );

function checkProblems(read) {
  checkIds(read);
  for (const { question, answer } of read) {
    holds(question.trim() !== '', 'shape', 'an empty question');
    holds(goldAnswer(answer) !== '', 'no-gold', () => `gold that is none: ${answer}`);
  }
}

function checkIds(read) {
  holds(new Set(read.map(({ id }) => id)).size === read.length, 'same-id', 'an id twice');
  for (const one of read) {
    holds(typeof one.id === 'string', 'shape', () => `an id ${JSON.stringify(one.id)}`);
    checkSteps(one);
  }
}

const fields = { question: 'question', answer: 'answer', id: 'id', steps: 'steps' };
const formats = {
  gsm8k: { rows: gsm8k, read: (path) => readGsm8k(path), check: checkProblems },
  svamp: { rows: svamp, list: true, read: (path) => readSvamp(path), check: checkProblems },
  jsonl: { rows: jsonl, read: (path) => readJsonlProblems(path, fields), check: checkProblems },
  worked: {
    rows: gsm8k,
    read: (path) => readJsonlProblems(path, { question: 'question', answer: 'answer' }),
    check: checkProblems,
  },
  processbench: {
    ...{ rows: judged, list: 'either', check: checkIds },
    read: (path) => readProcessBench(path),
  },
  golden: {
    rows: readings,
    read: readGolden,
    check(read) {
      for (const { steps, draft = { steps }, values = [] } of read) {
        if (draft.steps) checkSteps(draft);
        holds(values.every(Number.isFinite), 'shape', () => `values ${values}`);
      }
    },
  },
  questions: {
    rows: jsonl,
    read: (path) => readItems(path, { questionField: 'question' }),
    check(read) {
      for (const { question } of read) holds(question.trim() !== '', 'shape', 'an empty question');
    },
  },
};

export const problems = {
  name: 'problems',
  about:
    'files of GSM8K, SVAMP, JSON Lines, ProcessBench, golden records, questions: what is read is whole, and gold is an answer',
  share: 2,
  weight: 0.5,
  async open({ folder }) {
    const path = join(folder, 'problems.jsonl');
    return {
      make(random) {
        const format = random.of(Object.keys(formats));
        const { rows, list } = formats[format];
        const asList = list === true || (list === 'either' && random.chance(0.5));
        return { format, bytes: asList ? listOf(random, rows) : mutateLines(random, rows) };
      },
      async run({ format, bytes }) {
        writeFileSync(path, bytes);
        const { read, check } = formats[format];
        check(await read(path));
        return `${format} read`;
      },
    };
  },
};

/** Runs a command in this process; gives what it said. */
async function command(args) {
  let said = '';
  const glore = program();
  for (const one of [glore, ...glore.commands]) {
    one.configureOutput({
      writeOut: (text) => {
        said += text;
      },
    });
  }
  await glore.parseAsync(args, { from: 'user' });
  return said;
}

const answerRow = (random) => {
  const { gold, text } = known(random);
  return { id: random.whole(0, 99), answer: gold, text: random.chance(0.2) ? soup(random) : text };
};

/** A row as lm-evaluation-harness writes it. */
const sampleRow = (random, id) => {
  const { gold, text } = known(random);
  return {
    ...{ doc_id: id, doc: { question: 'How many?', answer: gold }, target: gold },
    ...{ arguments: [['Q', { until: ['Q:'] }]], resps: [[text]], filtered_resps: ['5'] },
    ...{ filter: random.of(['strict-match', 'flexible-extract']), exact_match: random.of([0, 1]) },
  };
};

export const grade = {
  name: 'grade',
  about:
    '`glore grade` on rows of answers, lists of them and sample files: counts add up, nothing odd is printed',
  share: 3,
  weight: 0.5,
  async open({ folder }) {
    const [path, out] = [join(folder, 'rows.jsonl'), join(folder, 'graded.jsonl')];
    return {
      make(random) {
        const kind = random.of(['text', 'list', 'nested', 'samples']);
        const rows = Array.from({ length: random.whole(1, 6) }, (_, id) => {
          if (kind === 'samples') return sampleRow(random, id);
          const row = answerRow(random);
          if (kind === 'list')
            return { ...row, text: random.several([row.text, '#### 5', null], 1, 4) };
          return kind === 'nested' ? { doc: { answer: row.answer }, choices: [row] } : row;
        });
        const bytes = random.chance(0.85) ? mutateLines(random, rows) : mutateLines(random, []);
        const fields = { text: 'text', list: 'text', nested: 'choices.0.text' }[kind];
        const gold = kind === 'nested' ? 'doc.answer' : 'answer';
        const args = [
          ...(fields
            ? ['--gold', gold, '--answer', random.chance(0.9) ? fields : soup(random, 3)]
            : []),
          ...(random.chance(0.6) ? ['--json'] : []),
          ...(random.chance(0.3) ? ['--out', 'OUT'] : []),
          ...(random.chance(0.3) ? ['--limit-doubtful', random.of(['0', '1', '1000000'])] : []),
        ];
        return { bytes, args };
      },
      async run({ bytes, args }) {
        writeFileSync(path, bytes);
        const said = await command([
          'grade',
          path,
          ...args.map((one) => (one === 'OUT' ? out : one)),
        ]);
        checkShown(said.replace(/\n$/, ''), 'standard output');
        if (!args.includes('--json')) return 'shown';
        const {
          answers,
          right,
          wrong,
          noAnswer,
          accuracy,
          interval,
          how,
          doubtfulCount,
          doubtful,
        } = JSON.parse(said);
        const found = Object.values(how).reduce((sum, count) => sum + count, 0);
        holds(right + wrong + noAnswer === answers && answers > 0, 'counts', said.slice(0, 300));
        holds(found === answers - noAnswer, 'counts', said.slice(0, 300));
        holds(
          accuracy >= 0 &&
            accuracy <= 1 &&
            interval.low <= accuracy + 1e-9 &&
            accuracy <= interval.high + 1e-9,
          'interval',
          () => JSON.stringify({ accuracy, interval, answers }),
        );
        holds(doubtful.length <= doubtfulCount, 'counts', said.slice(0, 300));
        return 'graded';
      },
    };
  },
};

const root = join(import.meta.dirname, '../../recipes');
const yamls = readdirSync(root, { recursive: true })
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));

/** Things of YAML that JSON has not. */
const yamlPieces = [
  '&a [*a]',
  '*nobody',
  '&x {y: *x}',
  '!!binary aGk=',
  '!!js/function "x"',
  '<<: {a: 1}',
  '? [1]\n: 2',
  '---\n',
  '%YAML 1.1\n',
  '0o17',
  '.inf',
  '.nan',
  '1_000',
  '2026-01-01',
  '~',
  '| \n  text',
  '\t',
  'a: 1\na: 1\n',
  '[&a a, *a, *a, *a]',
];

export const recipes = {
  name: 'recipes',
  about:
    'the recipes and studies that come along, changed as values, as YAML and as text: read, or refused with file and line',
  share: 2,
  weight: 0.3,
  async open({ folder }) {
    const path = join(folder, 'recipe.yaml');
    const data = {
      'train.jsonl': gsm8k,
      'test.jsonl': gsm8k.map((row) => ({ ...row, question: `${row.question} Then?` })),
    };
    for (const [name, rows] of Object.entries(data)) {
      writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    }
    writeFileSync(join(folder, 'SVAMP.json'), JSON.stringify(svamp));
    for (const { name, text } of yamls) {
      if (!existsSync(join(folder, name)) && !name.includes('/'))
        writeFileSync(join(folder, name), local(text));
    }
    /** With the paths of what is there. */
    function local(text) {
      return text
        .replace(/^base: .*$/m, `base: ${base}`)
        .replaceAll(/[\w./~-]{0,200}(train\.jsonl|test\.jsonl|SVAMP\.json)/g, (_, file) =>
          join(folder, file),
        )
        .replaceAll(/^(\s*dev|\s*limit): \d+/gm, '$1: 2');
    }
    return {
      make(random) {
        const { name, text: given } = random.of(yamls);
        const text = given;
        const at = random.whole(0, text.length);
        const changed = random.of([
          () =>
            stringify(mutateValue(random, parse(text)), {
              aliasDuplicateObjects: random.chance(0.5),
            }),
          () => JSON.stringify(mutateValue(random, parse(text))) ?? '',
          () => mutateText(random, text),
          () => text.slice(0, at) + random.of(yamlPieces) + text.slice(at),
          () => text.replace(/: [^\n]+/, `: ${random.of(yamlPieces)}`),
          () => bomb(random),
        ]);
        return { name, how: random.chance(0.1) ? 'values' : 'file', bytes: Buffer.from(changed()) };
      },
      run({ name, how, bytes }) {
        const text = local(bytes.toString());
        writeFileSync(path, text);
        if (/variants/.test(yamls.find((one) => one.name === name).text)) {
          readStudy(path);
          return 'study read';
        }
        if (how === 'values') {
          let values;
          try {
            values = JSON.parse(text);
          } catch {
            return 'no values';
          }
          makeRecipe(values, folder);
          return 'made';
        }
        const recipe = readRecipe(path);
        holds(
          typeof recipe.seed === 'number' && recipe.workers >= 1,
          'shape',
          'a recipe without numbers',
        );
        return 'read';
      },
    };
  },
};

/** YAML whose meaning is much longer than it is. */
function bomb(random) {
  const count = random.of([10, 300, 5000, 20_000]);
  return random.of([
    () =>
      `a: &a [x, x]\n${Array.from({ length: 40 }, (_, i) => `k${i}: &k${i} [*${i ? `k${i - 1}` : 'a'}, *a]`).join('\n')}`,
    () => Array.from({ length: count }, (_, i) => `k${i}: ${i}`).join('\n'),
    () => `a: &a 1\n${Array.from({ length: count }, (_, i) => `k${i}: *a`).join('\n')}`,
    () => `${'['.repeat(count)}${']'.repeat(count)}`,
    () => `${'- '.repeat(count)}x`,
    () => `${'a: {'.repeat(count)}`,
    () => `seed: ${'9'.repeat(count)}`,
    () => `seed: "${'\\u0041'.repeat(count)}"`,
    () => `# ${'x'.repeat(20 * count)}`,
  ])();
}
