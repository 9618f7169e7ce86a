/** The results of a study by variant, as the page's tables want them. */
import type { Report } from '../../pipeline/index.js';
import type { RunRecord } from '../record.js';
import type { Finished, StudyResult } from '../run.js';
import { MAIN, type Study, type Variant } from '../study.js';

/** A finished run and the record of the one that it builds on. */
export interface FinishedView extends Finished {
  readonly against: RunRecord | undefined;
}

export interface VariantView {
  /** Undefined for the main run. */
  readonly variant: Variant | undefined;
  readonly seeds: readonly number[];
  /** Runs that are not finished. */
  readonly missing: readonly StudyResult[];
  readonly finished: readonly FinishedView[];
  readonly records: readonly RunRecord[];
  /** Of the finished runs that go as far as the evaluation. */
  readonly reports: readonly Report[];
}

export interface StudyView {
  readonly main: VariantView;
  readonly variants: readonly VariantView[];
  /** Those whose ORM stands beside the critics of the main run. */
  readonly critics: readonly VariantView[];
}

export function viewOf(study: Study, results: readonly StudyResult[]): StudyView {
  const recordOf = (variant: string, seed: number) =>
    results.find(({ run }) => run.variant === variant && run.seed === seed)?.finished?.record;
  const of = (name: string, variant?: Variant): VariantView => {
    const own = results.filter(({ run }) => run.variant === name);
    const finished = own.flatMap(({ run, finished }) =>
      finished
        ? [
            {
              ...finished,
              against: run.against === undefined ? undefined : recordOf(run.against, run.seed),
            },
          ]
        : [],
    );
    return {
      variant,
      seeds: own.map(({ run }) => run.seed),
      missing: own.filter(({ finished }) => !finished),
      finished,
      records: finished.map(({ record }) => record),
      reports: finished.flatMap(({ report }) => (report ? [report] : [])),
    };
  };
  const variants = study.variants.map((variant) => of(variant.name, variant));
  return {
    main: of(MAIN),
    variants,
    critics: variants.filter(
      ({ variant, reports }) => study.critics.includes(variant!.name) && reports.length > 0,
    ),
  };
}
