/** Fills docs/real.md, between its markers, from the files in bench/real/results. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fixed, percent, tablesOf, whole } from '../../packages/glore/dist/cli/tables.js';
import { interval, renderMarkdownTable } from '../../packages/glore/dist/evaluate/index.js';
import { formatSeconds } from '../../packages/glore/dist/run/progress.js';

const at = (name) => fileURLToPath(new URL(name, import.meta.url));
const page = at('../../docs/real.md');
const read = (name) => {
  const path = at(`results/${name}.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
};
const table = ({ headers, rows }, left = 1) =>
  renderMarkdownTable(headers, rows, {
    align: headers.map((_, column) => (column < left ? 'left' : 'right')),
  });
const words = ({ headers, rows }) => table({ headers, rows }, headers.length);

const names = {
  doctor: 'has what the roles need',
  drafts: 'greedy drafts are read as by hand',
  values: 'values of both critics',
  adapter: 'the same with a LoRA adapter',
  streaming: 'streams through `glore serve`',
  abort: 'a client that leaves',
  restart: 'killed in the middle of a run',
  whole: '`recipes/real-tiny.yaml`',
};

/** Which server has what, and what each check has seen. */
function checked() {
  const found = ['vllm', 'llama', 'ollama'].map(read).filter((one) => one !== undefined);
  if (found.length === 0) return 'Nothing has been checked yet.';
  const capable = found.filter(({ checks }) => checks.doctor?.found);
  const spoken = (name) => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const shown = (value) =>
    value === null ? 'not said' : typeof value === 'number' ? String(value) : value ? 'yes' : 'no';
  const capabilities = Object.keys(capable[0]?.checks.doctor.found.can ?? {});
  const heads = (list) =>
    list.map(({ title, version, weights }) => `${title} ${version}, ${weights}`);
  return [
    words({
      headers: ['what it has', ...heads(capable)],
      rows: capabilities.map((name) => [
        spoken(name),
        ...capable.map(({ checks }) => shown(checks.doctor.found.can[name])),
      ]),
    }),
    ...found.map(
      ({ title, version, model, weights, checks }) =>
        `**${title} ${version}**, ${model}, ${weights}\n\n${words({
          headers: ['check', 'passed', 'what was seen', 'seconds'],
          rows: Object.entries(checks).map(([name, { ok, said, seconds }]) => [
            names[name],
            ok ? 'yes' : '**no**',
            said.replaceAll('|', '\\|').replaceAll('\n', ' '),
            whole(seconds),
          ]),
        })}`,
    ),
  ].join('\n\n');
}

const sets = { svamp: 'SVAMP', gsm8k: 'GSM8K' };

/** Ways to ask, on training problems. */
function asked() {
  const rows = Object.entries(sets).flatMap(([set, title]) =>
    (read(`asked-${set}`) ?? []).map(({ way, problems, right, answered, tokens }) => [
      title,
      way,
      `${right} of ${problems}`,
      `${answered}`,
      fixed(tokens, 0),
    ]),
  );
  if (rows.length === 0) return 'Nothing has been measured yet.';
  return table({ headers: ['set', 'asked', 'right', 'with an answer', 'tokens'], rows }, 2);
}

/** The vote of so many samples as a row. */
function majority({ curve }, count) {
  const { accuracy, low, high, generatedTokens } = curve.majority[count - 1];
  const what = `the most frequent answer of ${count} samples`;
  const cells = [percent(accuracy), interval(low, high), fixed(generatedTokens, 0), '-'];
  return [`majority@${count}`, what, ...cells];
}

/** The tables of each set. */
function measured() {
  const found = Object.entries(sets).flatMap(([set, title]) => {
    const report = read(`table-${set}`);
    if (!report) return [];
    const { answers, paired } = tablesOf(report);
    const { orm, sorm } = report.critics;
    const { global, local } = report.refiners;
    return [
      `**${title}**, the first ${report.problems} test problems by a hash of their questions, asked as \`${report.way}\`; ${formatSeconds(report.stages.find(({ name }) => name === 'evaluation').seconds)} for drafts, samples, values and refinements (cores: ${report.cores}).`,
      table(
        {
          ...answers,
          rows: [...answers.rows.map((row) => row.slice(0, -1)), majority(report, 3)],
          headers: answers.headers.slice(0, -1),
        },
        2,
      ),
      table(paired),
      table({
        headers: ['critic', 'AUC', 'AUC within a problem', 'AUC among candidates'],
        rows: [
          [
            'ORM (when, and the choice)',
            fixed(orm.auc, 3),
            fixed(orm.withinProblemAuc, 3),
            fixed(orm.withinCandidatesAuc, 3),
          ],
          ['SORM (where)', fixed(sorm.auc, 3), fixed(sorm.withinProblemAuc, 3), '-'],
        ],
      }),
      table({
        headers: [
          'refiner',
          'right before',
          'right after',
          'wrong to right',
          'right to wrong',
          'unchanged',
        ],
        rows: Object.entries({ global, local }).map(([name, effect]) => [
          name,
          ...['before', 'after', 'wrongToRight', 'rightToWrong', 'unchanged'].map((key) =>
            percent(effect[key]),
          ),
        ]),
      }),
    ];
  });
  return found.length === 0 ? 'Nothing has been measured yet.' : found.join('\n\n');
}

export function writePage() {
  let text = readFileSync(page, 'utf8');
  for (const [name, filled] of Object.entries({
    servers: checked(),
    asked: asked(),
    table: measured(),
  })) {
    const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from)
      throw new Error(`${page}: expected ${begin} and ${end}, found them not`);
    text = `${text.slice(0, from)}${begin}\n${filled}\n${text.slice(to)}`;
  }
  writeFileSync(page, text);
  console.log(`${page} is written`);
}
