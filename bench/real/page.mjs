/** Fills docs/real.md, between its markers, from the files in bench/real/results. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fixed, percent, tablesOf, whole } from '../../packages/glore/dist/cli/tables.js';
import {
  interval,
  renderMarkdownTable,
  significance,
  wilson,
} from '../../packages/glore/dist/evaluate/index.js';

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

/** The rows of the table, that of three votes among them, and what they take: tokens, and seconds of this machine. */
function answersOf(report) {
  const { answers } = tablesOf(report);
  const [point] = report.curve.majority.slice(2);
  const three = report.rows.find(({ name }) => name === 'oracle-bo3');
  const cells = (
    name,
    what,
    { accuracy, low, high, generatedTokens, processedTokens, seconds },
  ) => [
    ...[name, what, percent(accuracy), interval(low, high), fixed(generatedTokens, 0)],
    ...[fixed(processedTokens, 0), fixed(seconds, 1)],
  ];
  // The same samples are written for it.
  const { processedTokens, seconds } = three;
  const votes = { ...point, processedTokens, seconds };
  const rows = answers.rows.flatMap(([name, what], i) => [
    ...(name === 'majority@8'
      ? [cells('majority@3', 'the most frequent answer of 3 samples', votes)]
      : []),
    cells(name, what, report.rows[i]),
  ]);
  return { headers: [...answers.headers.slice(0, -1), 's/problem'], rows };
}

/** The report with the comparisons that were made beside its own. */
const withBesides = (report) => ({
  ...report,
  comparisons: [...report.comparisons, ...report.besides],
});

/** "+1.3 [-0.5, +3.1], p 0.210" of a pair of rows. */
function differenceOf(report, a, b) {
  const found = withBesides(report).comparisons.find((pair) => pair.a === a && pair.b === b);
  if (!found) return '-';
  const { difference, low, high, p } = found;
  return `${percent(difference)} ${interval(low, high)}, p ${significance(p)}`;
}

/** What each part of the method could give, and what it gave. */
function partsIn(report) {
  const { problems, parts, critics, refiners, thresholds } = report;
  const { orm, sorm } = critics;
  const wrong = problems - parts.right;
  const effect = ({ wrongToRight, rightToWrong }) =>
    `${Math.round(wrongToRight * problems)} of ${wrong} wrong drafts made right, ${Math.round(rightToWrong * problems)} of ${parts.right} right ones made wrong`;
  const gate = thresholds.gate;
  const pair = (a, b) => differenceOf(report, a, b);
  return {
    headers: ['part', 'what was measured', 'figure'],
    rows: [
      ['when', "the ORM's AUC on drafts", fixed(parts.draftAuc, 3)],
      [
        '',
        "the ORM's AUC on samples; on those with an answer",
        `${fixed(orm.auc, 3)}; ${fixed(parts.answeredAuc.orm, 3)}`,
      ],
      [
        '',
        `drafts that the gate (tau ${gate > 1 ? 'above all' : fixed(gate, 3)}, fitted on dev) refines`,
        `${parts.gated}, of which ${parts.gatedWrong} are wrong`,
      ],
      [
        'where',
        "the SORM's AUC on samples, by its last value; on those with an answer",
        `${fixed(sorm.auc, 3)}; ${fixed(parts.answeredAuc.sorm, 3)}`,
      ],
      [
        '',
        'drafts in which it sees an error',
        `${parts.located}, of which ${parts.locatedWrong} are wrong`,
      ],
      ['', 'local refinement there, less that at a random line', pair('local', 'local-random')],
      ['how', 'global', effect(refiners.global)],
      ['', 'local', effect(refiners.local)],
      ['', 'global less draft', pair('global', 'draft')],
      ['', 'local less draft', pair('local', 'draft')],
      ['', "global less global with another problem's draft", pair('global', 'global-blind')],
      [
        '',
        'draft, global or local right, less one of 3 samples right',
        pair('oracle', 'oracle-bo3'),
      ],
      ['choice', "the ORM's AUC among draft, global and local", fixed(orm.withinCandidatesAuc, 3)],
      [
        '',
        'draft, global or local right',
        `${parts.oneRight} of ${problems}, the draft ${parts.right}`,
      ],
      ['', 'rerank less draft', pair('rerank', 'draft')],
      ['', 'best of 3 less majority of 3', pair('bo3', 'majority@3')],
      ['', 'best of 8 less majority of 8', pair('best-of-8', 'majority@8')],
    ],
  };
}

/** The tables of each set. */
function measured() {
  const found = Object.entries(sets).flatMap(([set, title]) => {
    const report = read(`table-${set}`);
    if (!report) return [];
    const { speeds, parts } = report;
    const { paired } = tablesOf(withBesides(report));
    return [
      `**${title}**, the first ${report.problems} of 300 test problems (those whose questions come first by a hash, in a fixed shuffle), asked as \`${report.way}\`. ${parts.unanswered} drafts have no answer, and count as wrong. Seconds are from ${fixed(speeds.generatedPerSecond, 0)} tokens written a second and ${fixed(speeds.scoredPerSecond, 0)} tokens of solutions read by a critic, measured at ${report.problems < 64 ? report.problems : 64} at once.`,
      table(answersOf(report), 2),
      table(partsIn(report), 3),
      table(paired),
    ];
  });
  return found.length === 0 ? 'Nothing has been measured yet.' : found.join('\n\n');
}

/** What the whole method gives where all roles have learned. */
function trained() {
  const report = read('trained');
  if (!report) return 'Nothing has been measured yet.';
  const { answers, paired, critics, refiners, rounds, stages } = tablesOf(withBesides(report));
  const control = read('untrained');
  const range = control && wilson(control.right, control.problems);
  const bits = report.bits ? `, computed in ${report.bits} bits` : '';
  return [
    `${report.problems} test problems of GSM8K, with one or two steps${bits}.`,
    ...(control
      ? [
          `The control: untrained, asked in its chat with the prompt that is shipped, the model answers ${control.right} of ${control.problems} right greedily (${percent(control.right / control.problems)} ${interval(range.low, range.high)}), with ${fixed(control.tokens, 0)} tokens; ${control.answered} have an answer.`,
        ]
      : []),
    ...[rounds, answers, paired, critics, refiners, stages].map((one) =>
      table(one, one === answers ? 2 : 1),
    ),
  ].join('\n\n');
}

export function writePage() {
  let text = readFileSync(page, 'utf8');
  for (const [name, filled] of Object.entries({
    servers: checked(),
    asked: asked(),
    table: measured(),
    trained: trained(),
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
