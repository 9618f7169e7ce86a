/**
 * The grader beside its peers: the same texts through `judge`, math-verify and the filters that lm-evaluation-harness has for GSM8K.
 * GLORE_PYTHON names an interpreter that has math-verify (pip install math-verify); without it there are only our figures.
 *
 *   npm run bench:grade -- data/gsm8k                      500 solutions of train.jsonl in 16 forms, with their gold and another
 *   npm run bench:grade -- data/gsm8k --problems 7473      all of them
 *   npm run bench:grade -- data/gsm8k --cases cases.jsonl  and rows of your own: gold, text, expect (right, wrong or none)
 *
 * The folder may also be said by GLORE_DATA, which holds `gsm8k`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { judge } from '../../packages/glore/dist/doors/problems.js';
import { python, startPython } from '../python.mjs';
import { table } from '../table.mjs';
import { forms, wrong } from './forms.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    problems: { type: 'string', default: '500' },
    cases: { type: 'string' },
    show: { type: 'string', default: '2' },
  },
});
const data = positionals[0] ?? (process.env.GLORE_DATA && join(process.env.GLORE_DATA, 'gsm8k'));
if (!data) throw new Error('expected the folder with train.jsonl of GSM8K, or GLORE_DATA');

const linesOf = (path) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const solutions = linesOf(join(data, 'train.jsonl'))
  .slice(0, Number(values.problems))
  .map(({ answer }) => {
    const [steps, last] = answer.replace(/<<.*?>>/g, '').split('\n#### ');
    return { steps, answer: last };
  });

/** What is judged: `form`, `gold`, `text` and whether it is right. */
const rows = [];
for (const [form, write] of Object.entries(forms)) {
  for (const [i, solution] of solutions.entries()) {
    const text = write(solution);
    rows.push({ form, gold: solution.answer, text, right: !wrong.has(form) });
    const gold = solutions[(i + 1) % solutions.length].answer;
    if (gold !== solution.answer && form !== 'no mark')
      rows.push({ form, gold, text, right: false });
  }
}
if (values.cases) {
  for (const { gold, text, answer, expect = 'right' } of linesOf(values.cases)) {
    rows.push({ form: 'cases', gold, text: text ?? answer, right: expect === 'right' });
  }
}

for (const { gold, text } of rows.slice(0, 2_000)) judge({ gold, text });
const start = performance.now();
const judged = rows.map(({ gold, text }) => judge({ gold, text }));
const seconds = (performance.now() - start) / 1_000;
const graders = { glore: { right: judged.map(({ right }) => right), seconds } };
if (python) {
  const peers = startPython(new URL('peers.py', import.meta.url));
  Object.assign(graders, await peers.call(rows.map(({ gold, text }) => [gold, text])));
  peers.close();
} else console.log('GLORE_PYTHON is not set: without the peers to compare with\n');

const names = Object.keys(graders);
const share = (of, hits) => (of === 0 ? '-' : `${((100 * hits) / of).toFixed(1)}%`);
const groups = byForm();
console.log('Verdicts that are right, and those of ours that are sure (of these, wrong):\n');
const line = (form, at) => {
  const hits = names.map(
    (name) => at.filter((i) => graders[name].right[i] === rows[i].right).length,
  );
  const sure = at.filter((i) => !judged[i].doubtful);
  const faults = sure.filter((i) => judged[i].right !== rows[i].right).length;
  return [
    form,
    `${at.length}`,
    ...hits.map((n) => share(at.length, n)),
    `${share(at.length, sure.length)} (${faults})`,
  ];
};
console.log(
  table(
    ['form', 'rows', ...names, 'sure'],
    [...groups.map(([form, at]) => line(form, at)), line('all', [...rows.keys()])],
  ),
);
console.log('\nTime for a text:\n');
console.log(
  table(
    ['', 'us', 'to ours'],
    names.map((name) => {
      const each = graders[name].seconds / rows.length;
      return [name, (1e6 * each).toFixed(1), (graders[name].seconds / seconds).toFixed(2)];
    }),
  ),
);

for (const name of names.slice(1)) {
  const differing = [...rows.keys()].filter((i) => graders[name].right[i] !== judged[i].right);
  const ours = differing.filter((i) => judged[i].right === rows[i].right);
  console.log(
    `\n${name} differs in ${differing.length}: we are right in ${ours.length}, it is in ${differing.length - ours.length}`,
  );
  const shown = new Map();
  for (const i of differing) {
    const { form, gold, text } = rows[i];
    const who = judged[i].right === rows[i].right ? 'we' : 'it';
    const key = `${form}/${who}`;
    shown.set(key, (shown.get(key) ?? 0) + 1);
    if (shown.get(key) > Number(values.show)) continue;
    const verdict = `${judged[i].right ? 'right' : 'wrong'}${judged[i].doubtful ? ', doubtful' : ''}`;
    console.log(
      `  ${form}; ${who} right; ours ${verdict}; gold ${gold}; ..${JSON.stringify(text.slice(-70))}`,
    );
  }
}

/** The places of rows by their form. */
function byForm() {
  const found = new Map();
  for (const [i, { form }] of rows.entries()) {
    if (!found.has(form)) found.set(form, []);
    found.get(form).push(i);
  }
  return [...found];
}
