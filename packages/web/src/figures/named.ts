/** What pictures and tables of one run, or of two beside each other, are of. */
import type { RunReport } from '../../../glore/src/view/wire.js';
import type { LegendItem, Shape } from '../parts/legend.js';

export interface Named<T> {
  /** The run's name; no two are alike. */
  readonly run: string;
  readonly of: T;
}

export type NamedReport = Named<RunReport>;

/** Runs are told apart by colour and shape, in their order. */
const looks = [
  { color: 'var(--series-1)', shape: 'circle' },
  { color: 'var(--series-2)', shape: 'square' },
] as const satisfies readonly { color: string; shape: Shape }[];

export const lookOf = (i: number) => looks[i % looks.length]!;

/** Needed where there are two. */
export const runLegend = (
  runs: readonly Named<unknown>[],
  more: Omit<LegendItem, 'label' | 'color' | 'shape'> = {},
): LegendItem[] | undefined =>
  runs.length < 2 ? undefined : runs.map(({ run }, i) => ({ ...lookOf(i), ...more, label: run }));

/** A column, or a cell of it, that is needed where there are two: mostly the run's name. */
export const ifTwo = <T>(runs: readonly Named<unknown>[], one: T): T[] =>
  runs.length < 2 ? [] : [one];

/** "tiny: " before what is said of one of two. */
export const ofRun = (runs: readonly Named<unknown>[], run: string): string =>
  runs.length < 2 ? '' : `${run}: `;

/** A sentence on a run, which begins with its name where there are two. */
export const sentence = (runs: readonly Named<unknown>[], run: string, said: string): string =>
  runs.length < 2 ? `${said.slice(0, 1).toUpperCase()}${said.slice(1)}` : `${run}: ${said}`;

/** Names of folders, none twice: "tiny", "tiny (2)". */
export const distinctNames = (names: readonly string[]): string[] =>
  names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
