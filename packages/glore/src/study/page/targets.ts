/** The paper's figures, this project's targets, and whether they are met: decided here, from the figures alone. */
import { type CriticName, renderMarkdownTable } from '../../evaluate/index.js';
import {
  accuracy,
  broken,
  candidatesAuc,
  difference,
  distinctSteps,
  type Estimate,
  estimate,
  type Figure,
  firstErrorF1,
  fixed,
  headroom,
  meanOf,
  stepAccuracy,
  withinAuc,
} from '../figures.js';
import { meanProcessed, rivalsOf } from '../tokens.js';
import { bounds, certainty, decimals, points, share, spread } from './text.js';
import type { StudyView, VariantView } from './view.js';

export interface Line {
  readonly what: string;
  readonly paper: string;
  readonly found: string;
  readonly interval: string;
  readonly seeds: string;
  readonly p: string;
  readonly target: string;
  readonly met: boolean | undefined;
}

const nothing = { found: '-', interval: '-', seeds: '-', p: '-', met: undefined };

/** A share, and what it has to be. */
function level(
  what: string,
  paper: string,
  found: Estimate | undefined,
  target: string,
  met?: (value: number) => boolean,
  of: (value: number) => string = share,
): Line {
  if (!found) return { ...nothing, what, paper, target };
  return {
    what,
    paper,
    found: of(found.value),
    interval: bounds(found, of),
    seeds: spread(found.bySeed, of),
    p: '-',
    target,
    met: met?.(found.value),
  };
}

/** A difference in points, and what it has to be; of too few seeds to test it nothing is said. */
function gain(
  what: string,
  paper: string,
  found: Estimate | undefined,
  target: string,
  met?: (value: number, p: number) => boolean,
): Line {
  const line = level(what, paper, found, target, undefined, points);
  const p = found?.p;
  return p === undefined ? line : { ...line, p: certainty(found), met: met?.(found!.value, p) };
}

const atHalf = (critic: CriticName) => stepAccuracy(critic, true);

/** The lines of the table of targets. */
export function targetsOf(view: StudyView): Line[] {
  const { main } = view;
  const { reports } = main;
  const of = (figure: Figure) => estimate(reports, figure);
  const less = (a: Figure, b: Figure, from = reports) =>
    difference({ reports: from, figure: a }, { reports: from, figure: b });
  const rows = (a: string, b: string) => less(accuracy(a), accuracy(b));
  const processed = (row: string) => meanProcessed(reports, row)?.toFixed(0) ?? 'unknown';
  // An ORM's values are too low for right steps of problems that the student mostly fails: at 0.5 that shows most, and
  // less where the samples of problems that it mostly solves, which are often alike, outweigh those.
  const leads = (orm: string, from: typeof reports) =>
    (
      [
        [`step accuracy, SORM - ${orm}`, stepAccuracy],
        ['the same, samples that are alike counted once', distinctSteps],
        ['the same at the threshold 0.5, which nothing is fitted to', atHalf],
      ] as const
    ).map(([what, figure]) =>
      gain(
        what,
        '+8 *',
        less(figure('sorm'), figure('orm'), from),
        'at least +8',
        (v) => v >= 0.08,
      ),
    );
  return [
    level(
      'student, greedy',
      '53%',
      of(accuracy('draft')),
      '45% to 60%',
      (v) => v >= 0.45 && v <= 0.6,
    ),
    level('best of 3, the ORM chooses (Bo3)', '~58% *', of(accuracy('bo3')), ''),
    level('draft, global, local, the ORM chooses (rerank)', '65%', of(accuracy('rerank')), ''),
    gain(
      'rerank - student',
      '+12',
      rows('rerank', 'draft'),
      'at least +8, p < 0.01',
      (v, p) => v >= 0.08 && p < 0.01,
    ),
    gain('rerank - Bo3', '+7', rows('rerank', 'bo3'), ''),
    gain('rerank - retrained, the student trained on instead', '', rows('rerank', 'retrained'), ''),
    gain(
      'rerank - retrained-bo3, the best of 3 of that one',
      '',
      rows('rerank', 'retrained-bo3'),
      'at least +5, p < 0.01',
      (v, p) => v >= 0.05 && p < 0.01,
    ),
    ...[...rivalsOf(reports), 'beam-8'].map((rival) =>
      gain(
        `rerank - ${rival}, ${processed('rerank')} processed tokens and ${processed(rival)}`,
        '',
        rows('rerank', rival),
        'more than 0, p < 0.05',
        (v, p) => v > 0 && p < 0.05,
      ),
    ),
    ...(
      [
        ['global', 'global-blind', "with another problem's draft"],
        ['local', 'local-random', 'at a random line'],
      ] as const
    ).map(([refiner, control, what]) =>
      gain(
        `${refiner} - ${control}, ${what}`,
        '',
        rows(refiner, control),
        'at least +5',
        (v) => v >= 0.05,
      ),
    ),
    ...(
      [
        ['global', 'global', '28%', 0.28],
        ['local', 'local', '28%', 0.28],
        ['either', 'oracle', '41%', 0.41],
      ] as const
    ).map(([who, row, paper, least]) =>
      level(
        `wrong drafts fixed: ${who}`,
        paper,
        of(fixed(row)),
        `at least ${paper}`,
        (v) => v >= least,
      ),
    ),
    ...(['global', 'local'] as const).map((refiner) =>
      level(
        `right drafts broken: ${refiner}`,
        '',
        of(broken(refiner)),
        'at most 5%',
        (v) => v <= 0.05,
      ),
    ),
    level(
      "share of the candidates' headroom that rerank realises",
      '62%',
      of(headroom('rerank')),
      'at least 75%',
      (v) => v >= 0.75,
    ),
    level(
      'the same, both critics choose (rerank-both)',
      '',
      of(headroom('rerank-both')),
      'at least 80%',
      (v) => v >= 0.8,
    ),
    level('step accuracy, ORM', '73% *', of(stepAccuracy('orm')), ''),
    level('step accuracy, SORM', '81% *', of(stepAccuracy('sorm')), ''),
    ...leads('ORM', reports),
    ...view.critics.flatMap(({ variant, reports: own }) => leads(`ORM of ${variant!.name}`, own)),
    finals(main),
    level(
      'ORM, AUC within problems, on samples',
      '',
      of(withinAuc('orm')),
      'at least 0.90',
      (v) => v >= 0.9,
      decimals,
    ),
    level(
      "ORM, AUC within problems, on refiners' outputs",
      '',
      of(candidatesAuc),
      'at least 0.90',
      (v) => v >= 0.9,
      decimals,
    ),
    level(
      'SORM, first-error F1 on drafts',
      '',
      of(firstErrorF1('sorm')),
      'at least 70%',
      (v) => v >= 0.7,
    ),
    ...view.variants.flatMap(labelLines),
  ];
}

export function targetsTable(lines: readonly Line[]): string {
  return renderMarkdownTable(
    ['what', 'paper', 'here', '95% interval', 'seeds', 'p', 'target', ''],
    lines.map(({ what, paper, found, interval, seeds, p, target, met }) => [
      what,
      paper,
      found,
      interval,
      seeds,
      p,
      target,
      met === undefined ? '' : met ? 'met' : '**missed**',
    ]),
    { align: ['left', 'right', 'right', 'right', 'right', 'right', 'left', 'left'] },
  );
}

function finals({ reports }: VariantView): Line {
  const bySeed = reports.map(
    ({ critics: { orm, sorm } }) => sorm.finalAccuracy - orm.finalAccuracy,
  );
  return {
    ...nothing,
    what: 'final-answer accuracy, SORM - ORM',
    paper: 'less than 0',
    found: points(meanOf(bySeed, (value) => value)),
    seeds: spread(bySeed, points),
    target: '',
  };
}

/** What cheaper labels have to keep up with, where a variant labels by brute force what another labels adaptively. */
function labelLines({ variant, records, finished }: VariantView): Line[] {
  const cheaper = finished.flatMap(({ record: { labels, agreement }, against }) =>
    labels?.method === 'brute' && agreement && against?.labels?.method === 'adaptive'
      ? [{ ratio: labels.generatedTokens / against.labels.generatedTokens, ...agreement }]
      : [],
  );
  if (cheaper.length === 0 || cheaper.length < records.length) return [];
  const lineOf = (
    what: string,
    pick: (item: (typeof cheaper)[number]) => number,
    of: (value: number) => string,
    target: string,
    met: (value: number) => boolean,
  ): Line => ({
    ...nothing,
    what,
    paper: '',
    found: of(meanOf(cheaper, pick)!),
    seeds: spread(cheaper.map(pick), of),
    target,
    met: met(meanOf(cheaper, pick)!),
  });
  const compared = finished.flatMap(({ report, record }) =>
    report && record.before ? [{ report, before: record.before }] : [],
  );
  const lost = (figure: Figure) =>
    difference(
      { reports: compared.map(({ before }) => before), figure },
      { reports: compared.map(({ report }) => report), figure },
    );
  const noLoss = (value: number, p: number) => value >= 0 || p >= 0.05;
  const name = variant!.name;
  return [
    lineOf(
      `labels: tokens of ${name} / adaptive`,
      ({ ratio }) => ratio,
      (value) => `${value.toFixed(1)} times`,
      'at least 5 times',
      (value) => value >= 5,
    ),
    lineOf(
      `labels: adaptive as ${name}`,
      ({ equal }) => equal,
      share,
      'at least 97%',
      (value) => value >= 0.97,
    ),
    gain(
      `SORM, step accuracy: adaptive - ${name}`,
      '',
      lost(stepAccuracy('sorm')),
      'no loss (not below 0 at p < 0.05)',
      noLoss,
    ),
    gain(
      `rerank: adaptive - ${name}`,
      '',
      lost(accuracy('rerank')),
      'no loss (not below 0 at p < 0.05)',
      noLoss,
    ),
  ];
}
