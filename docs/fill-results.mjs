/**
 * Writes the figures of a finished run into docs/main-job.md and the main ones into README.md, between their `results`
 * markers, and copies the run's pictures to docs/tiny.svg and docs/curve.svg. Run it from anywhere after `npm start`:
 * node docs/fill-results.mjs [run folder]
 */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const folder = resolve(process.argv[2] ?? join(root, 'runs', 'tiny'));
for (const [path, cure] of [
  [join(root, 'packages/glore/dist/cli/tables.js'), 'build first: npm run build'],
  [join(folder, 'report.json'), 'finish the run first: npm start'],
  [join(folder, 'report.svg'), 'finish the run first: npm start'],
  [join(folder, 'curve.svg'), 'finish the run first: npm start'],
  [join(folder, 'recipe.json'), 'finish the run first: npm start'],
]) {
  if (!existsSync(path)) fail(`${path}: expected a file, found none; ${cure}`);
}
const { renderMarkdownTable, wayOf } = await import('../packages/glore/dist/evaluate/index.js');
const {
  fixed,
  percent: share,
  tablesOf,
  whole,
} = await import('../packages/glore/dist/cli/tables.js');
const { formatSeconds } = await import('../packages/glore/dist/run/progress.js');

const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
const { source } = JSON.parse(readFileSync(join(folder, 'recipe.json'), 'utf8')).problems;
/** Where the problems are from, in words. */
const origin = {
  world: 'built-in world',
  gsm8k: 'GSM8K',
  svamp: 'SVAMP',
  jsonl: 'problems from files',
}[source];
const { rows, critics, refiners, labels, machine, thresholds } = report;

const accuracyOf = (name) => rows.find((row) => row.name === name).accuracy;
const bothFixed = refiners.global.wrongFixed == null ? undefined : 1 - refiners.neither;

const tables = tablesOf(report);
/** A table of the report; `left` are its columns of words. */
const table = ({ headers, rows }, left = 1) =>
  renderMarkdownTable(headers, rows, {
    align: headers.map((_, column) => (column < left ? 'left' : 'right')),
  });
const strong = (row) => row.map((cell) => (cell === '' ? cell : `**${cell}**`));
const answers = tables.answers.rows.map(([name, what, accuracy, ...rest]) =>
  wayOf(name)?.way.role === 'method'
    ? [`**${name}**`, what, `**${accuracy}**`, ...rest]
    : [name, what, accuracy, ...rest],
);
const stages = tables.stages.rows;

/** Step accuracy at the threshold that is no one's choice. */
function atHalf(critic) {
  const { steps } = report.outcomes;
  const sum = (counts) => counts.reduce((total, count) => total + count, 0);
  return steps && sum(steps.atHalf[critic]) / sum(steps.n);
}

const paper = renderMarkdownTable(
  ['', 'paper: Llama-2 13B, GSM8K', `here: ${origin}`],
  [
    ['student, greedy', '53%', share(accuracyOf('draft'))],
    ['best of 3, the ORM chooses', '~58% *', share(accuracyOf('bo3'))],
    ['draft, global, local, the ORM chooses', '65%', share(accuracyOf('rerank'))],
    ['wrong drafts fixed by the global refiner', '28%', share(refiners.global.wrongFixed)],
    ['wrong drafts fixed by the local refiner', '28%', share(refiners.local.wrongFixed)],
    ['wrong drafts fixed by either', '41%', share(bothFixed)],
    ['step accuracy, ORM', '73% *', share(critics.orm.stepAccuracy)],
    ['step accuracy, SORM', '81% *', share(critics.sorm.stepAccuracy)],
    ['the same at 0.5 instead of fitted thresholds, ORM', '', share(atHalf('orm'))],
    ['the same at 0.5, SORM', '', share(atHalf('sorm'))],
  ],
);

const labelled =
  labels.accuracy === null
    ? 'the truth of steps is not known'
    : `${share(labels.accuracy)} are as the truth has them (${share(labels.accuracyOfWrong)} of those of wrong solutions, ` +
      `which rollouts decide); ${share(labels.firstErrors)} of the first errors in wrong solutions are placed exactly`;

const headroom =
  report.headroomRealised == null
    ? ''
    : `Of what a perfect choice among the three could add to the draft, \`rerank\` realises ${share(report.headroomRealised)}.`;

const details = (summary, ...parts) =>
  `<details>\n<summary>${summary}</summary>\n\n${parts.join('\n\n')}\n\n</details>`;

const measured = `${whole(report.problems)} test problems, seed ${report.seeds.join(', ')}; ${formatSeconds(report.seconds)} for the whole run on ${machine.cores} cores`;
/** The rows of the table in README.md, which has no room for times. */
const mainRows =
  /^\**(draft|bo3|best-of-\d+|retrained(-bo3|-best-of-\d+)?|global(-blind|-plain)?|local|rerank|gate|oracle)\**$/;
const inShort = [
  `${measured}.`,
  table(
    {
      headers: tables.answers.headers.slice(0, -1),
      rows: answers.filter(([name]) => mainRows.test(name)).map((row) => row.slice(0, -1)),
    },
    2,
  ),
];

const results = [
  `${measured} (${machine.processor}, Node ${machine.node}), at most ${machine.peakMemoryGiB} GiB of memory.`,
  table({ ...tables.answers, rows: answers }, 2),
  headroom,
  `Beside the paper's figures, which are for another student${source === 'gsm8k' ? '' : ' on other problems'}:`,
  paper,
  '\\* reported at second hand.',
  details('Paired comparisons', table(tables.paired)),
  details(
    'Accuracy against generated tokens',
    '![Accuracy against generated tokens](curve.svg)',
    table(tables.sampled),
    '`rounds@r` refines what was chosen again, r rounds in all; `budget@k` stops for a problem as soon as the ORM values its best at ' +
      'least tau, or after its rounds, both fitted on other problems for as many tokens as k samples need. \\* is interpolated at equal ' +
      'tokens; `against` is paired with the fewest samples that need at least as many.',
    table(tables.spent),
  ),
  details(
    'Critics: when and where',
    `Measured on the test problems; all thresholds are fitted on other problems. \`gate\` refines drafts that the ORM values below ${fixed(thresholds.gate, 3)}.`,
    table(tables.critics),
    `Among draft, global and local of the same problem the ORM's AUC is ${fixed(critics.orm.withinCandidatesAuc, 3)}.`,
    table(tables.headroom),
  ),
  details(
    'Refiners: how',
    `On every draft, right or wrong; ${whole(refiners.global.wrongDrafts)} drafts are wrong.`,
    table(tables.refiners),
    `Of the wrong drafts ${share(refiners.globalOnly)} are fixed by the global refiner only, ${share(refiners.localOnly)} by the local one only, ` +
      `${share(refiners.both)} by each of them, ${share(refiners.neither)} by neither.`,
  ),
  details(
    'Step labels',
    `${whole(labels.labels)} labels, ${share(labels.positive)} positive, for ${whole(labels.generatedTokens)} generated tokens; ${labelled}.`,
  ),
  tables.rounds.rows.length === 0
    ? ''
    : details(
        'The student, round by round',
        'Greedy on dev problems, on which the rounds end.',
        table(tables.rounds),
      ),
  details(
    'Time by stage',
    table({ ...tables.stages, rows: [...stages.slice(0, -1), strong(stages.at(-1))] }),
  ),
].filter((part) => part !== '');

fill(join(root, 'README.md'), inShort);
fill(join(root, 'docs', 'main-job.md'), results);
copyFileSync(join(folder, 'report.svg'), join(root, 'docs', 'tiny.svg'));
copyFileSync(join(folder, 'curve.svg'), join(root, 'docs', 'curve.svg'));
console.log(
  `README.md, docs/main-job.md, docs/tiny.svg and docs/curve.svg: written from ${folder}`,
);

/** Puts parts between the markers of a page. */
function fill(path, parts) {
  const begin = '<!-- results:begin -->';
  const end = '<!-- results:end -->';
  const page = readFileSync(path, 'utf8');
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) {
    fail(`${path}: expected the markers ${begin} and ${end}, found them missing; put them back`);
  }
  const filled = `\n${parts.join('\n\n')}\n`;
  writeFileSync(path, page.slice(0, from + begin.length) + filled + page.slice(to));
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
