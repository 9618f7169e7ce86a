/** What the main run of a study has measured on all seeds, for its page and its `results.json`. */
import {
  type CriticName,
  meaningOf,
  methodFirst,
  rowName,
  standardWays,
  wayOf,
} from '../evaluate/index.js';
import type { Report } from '../pipeline/index.js';
import {
  accuracy,
  broken,
  candidatesAuc,
  difference,
  type Estimate,
  estimate,
  type Figure,
  firstErrorF1,
  fixed,
  meanOf,
  rightToWrong,
  stepAccuracy,
  withinAuc,
  wrongToRight,
} from './figures.js';
import { rivalsOf, samplesIn } from './tokens.js';

type Reports = readonly Report[];

/** A way to answer. */
export interface MeasuredRow {
  readonly name: string;
  readonly meaning: string;
  readonly isMethod: boolean;
  readonly accuracy: Estimate;
  /** Per problem, as are processed tokens, where they are known, and seconds. */
  readonly generatedTokens: number;
  readonly processedTokens: number | undefined;
  readonly seconds: number;
}

export function measuredRows(reports: Reports): MeasuredRow[] {
  return (reports[0]?.rows ?? []).flatMap(({ name }) => {
    const found = estimate(reports, accuracy(name));
    const own = reports.flatMap(({ rows }) => rows.find((row) => row.name === name) ?? []);
    if (!found || own.length < reports.length) return [];
    return [
      {
        name,
        meaning: meaningOf(name),
        isMethod: wayOf(name)?.way.role === 'method',
        accuracy: found,
        generatedTokens: meanOf(own, (row) => row.generatedTokens)!,
        processedTokens: meanOf(own, (row) => row.processedTokens),
        seconds: meanOf(own, ({ seconds }) => seconds)!,
      },
    ];
  });
}

/** Two ways on the same problems, the method's first. */
export interface MeasuredPair {
  readonly a: string;
  readonly b: string;
  readonly difference: Estimate;
}

export function measuredPairs(reports: Reports): MeasuredPair[] {
  const most = samplesIn(reports);
  const pairs = methodFirst(standardWays).flatMap((way) => {
    const { against = [], againstInStudies = [] } = way;
    const others = [...against, ...againstInStudies].map((name) => rowName({ name }, most));
    // The method also beside as many samples as process the tokens that it does.
    const rivals = way.role === 'method' ? rivalsOf(reports) : [];
    const all = [...others, ...rivals.filter((rival) => !others.includes(rival))];
    return all.map((other) => [rowName(way, most), other] as const);
  });
  return pairs.flatMap(([a, b]) => {
    const found = difference({ reports, figure: accuracy(a) }, { reports, figure: accuracy(b) });
    return found ? [{ a, b, difference: found }] : [];
  });
}

/** What refining every draft, right or wrong, does to it. */
export function measuredRefiners(reports: Reports) {
  return standardWays
    .filter(({ group }) => group === 'refiners')
    .flatMap(({ name }) => {
      const of = (figure: Figure) => estimate(reports, figure);
      const wrongFixed = of(fixed(name));
      if (!wrongFixed) return [];
      return [
        {
          name,
          before: of(accuracy('draft')),
          after: of(accuracy(name)),
          wrongToRight: of(wrongToRight(name)),
          rightToWrong: of(rightToWrong(name)),
          wrongFixed,
          rightBroken: of(broken(name)),
        },
      ];
    });
}

/** How well a critic judges steps, places first errors and tells right solutions from wrong ones. */
function measuredCritic(reports: Reports, critic: CriticName) {
  const of = (figure: Figure) => estimate(reports, figure);
  return {
    critic,
    reports,
    stepAccuracy: of(stepAccuracy(critic)),
    firstErrorF1: of(firstErrorF1(critic)),
    withinProblemAuc: of(withinAuc(critic)),
    withinCandidatesAuc: critic === 'orm' ? of(candidatesAuc) : undefined,
  };
}

export type MeasuredCritic = ReturnType<typeof measuredCritic>;

/** Those of the main run, and the ORMs of variants that stand beside them. */
export function measuredCritics(
  reports: Reports,
  variants: readonly { readonly name: string; readonly reports: Reports }[],
) {
  return {
    orm: measuredCritic(reports, 'orm'),
    sorm: measuredCritic(reports, 'sorm'),
    others: variants.map(({ name, reports: own }) => ({ of: name, ...measuredCritic(own, 'orm') })),
  };
}

export type MeasuredCritics = ReturnType<typeof measuredCritics>;
