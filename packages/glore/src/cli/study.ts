/** `glore study`: a recipe on several seeds and its variants, and the page of their results. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readWhole } from '@glore/engine';
import { Command } from 'commander';
import { replaceFile, writeJson } from '../files/index.js';
import { stageNames } from '../pipeline/index.js';
import { formatSeconds, jsonReporter, terminalReporter } from '../run/index.js';
import {
  folderOf,
  MAIN,
  measureStudy,
  readResults,
  readStudy,
  renderPage,
  resultsJson,
  runStudy,
  type Study,
  type StudyResult,
  secondsOf,
} from '../study/index.js';
import { interruptible } from './interrupt.js';
import { renderWithin } from './layout.js';
import { findRecipe } from './recipes.js';
import { screenOf } from './terminal.js';

interface Options {
  readonly runs: string;
  readonly page?: string;
  readonly pageOnly?: true;
  readonly plan?: true;
  readonly json?: true;
}

export function studyCommand(): Command {
  return new Command('study')
    .description(
      'run a recipe on several seeds with variants of it, and write the page and its figures as JSON',
    )
    .argument('<study>', 'study file (YAML), or the name of one that came with glore')
    .option('--runs <folder>', 'folder of run folders; the study has one of its name in it', 'runs')
    .option(
      '--page <file>',
      "where to write the page (default: the study's, or results.md beside its runs)",
    )
    .option('--page-only', 'write the page of what there is, without running anything')
    .option('--plan', 'show the runs and what each would do, without running anything')
    .option('--json', 'progress as JSON lines on standard error')
    .addHelpText(
      'after',
      `
Examples:
  glore study recipes/paper.yaml
  glore study recipes/paper.yaml --plan
  glore study recipes/paper.yaml --page-only --page /tmp/results.md

Each run is an ordinary run folder, runs/<study>/<seed>/<variant>; stages that are the same are done once.
Ctrl-C stops after the work in flight (again: at once), and the same command goes on from there.`,
    )
    .action(execute);
}

async function execute(given: string, options: Options): Promise<void> {
  const { path, shipped } = findRecipe(given);
  const study = readStudy(path);
  const folder = join(options.runs, study.name);
  if (options.plan) return showPlan(await readResults(study, folder));
  const results = options.pageOnly
    ? await readResults(study, folder)
    : await interruptible((signal) =>
        runStudy(study, folder, {
          reporter: options.json ? jsonReporter(process.stderr) : terminalReporter(process.stderr),
          signal,
        }),
      );
  const page = options.page ?? ((!shipped && study.page) || join(folder, 'results.md'));
  await writePage(study, results, folder, page);
  process.stdout.write(`${page}\n`);
}

/** The page, and beside it its figures as JSON and the first seed's picture of accuracy against tokens, where there is one. */
async function writePage(
  study: Study,
  results: readonly StudyResult[],
  folder: string,
  page: string,
): Promise<void> {
  const first = results.find(({ run, finished }) => run.variant === MAIN && finished);
  const drawn = first && join(folderOf(folder, MAIN, first.run.seed), 'curve.svg');
  const name = basename(page).replace(/\.md$/, '');
  const picture = `${name}-curve.svg`;
  const measured = measureStudy(study, results);
  const there = drawn !== undefined && existsSync(drawn);
  await replaceFile(page, [renderPage(measured, there ? picture : undefined)]);
  await writeJson(join(dirname(page), `${name}.json`), resultsJson(measured));
  if (there) await replaceFile(join(dirname(page), picture), [await readWhole(drawn)]);
}

function showPlan(results: readonly StudyResult[]): void {
  const rows = results.map(({ run, plan, finished }) => [
    run.variant,
    String(run.seed),
    finished ? 'yes' : '',
    plan.anew.length === stageNames.length ? 'every stage' : plan.anew.join(', '),
    plan.kept.join(', '),
  ]);
  const screen = screenOf(process.stdout);
  const table = renderWithin(screen, {
    headers: ['run', 'seed', 'done', 'does', 'keeps though changed'],
    rows,
    align: ['left', 'right', 'left', 'left', 'left'],
  });
  const left = secondsOf(
    results.filter(({ finished }) => !finished),
    results,
  );
  const time =
    left === undefined
      ? 'how long it takes is known after the first run'
      : `about ${formatSeconds(left)} for what is not done`;
  process.stdout.write(`${table}\n\n${time}\n`);
}
