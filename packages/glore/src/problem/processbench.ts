/** ProcessBench (Zheng et al. 2024): solutions of any model, each with the first wrong one of its steps. */
import { checkUnique, type FileRow, parseJsonLines, parseJsonList, readTextFile } from './rows.js';

/** One solution. */
export interface JudgedSteps {
  readonly id: string;
  readonly problem: string;
  /** At least one. */
  readonly steps: readonly string[];
  /** The first wrong step, counted from 0; -1 if there is none. */
  readonly label: number;
  /** Where it stands in its file, and its other fields. */
  readonly row: FileRow;
}

/**
 * The solutions of a JSON Lines file, or of a JSON list.
 *
 * @throws GloreError naming the file and line of the first bad record.
 */
export function readProcessBench(path: string): JudgedSteps[] {
  const text = readTextFile(path);
  const rows = text.trimStart().startsWith('[')
    ? parseJsonList(text, path)
    : parseJsonLines(text, path);
  const solutions = rows.map((row) => {
    const steps = row.texts('steps');
    return {
      id: row.textOrNumber('id'),
      problem: row.filledText('problem'),
      steps: filled(row, steps),
      label: labelOf(row, steps.length),
      row,
    };
  });
  checkUnique(
    solutions.map(({ id }) => id),
    rows,
  );
  return solutions;
}

function filled(row: FileRow, steps: readonly string[]): readonly string[] {
  const empty = steps.findIndex((step) => step.trim() === '');
  if (steps.length > 0 && empty === -1) return steps;
  throw row.error('field-empty', {
    expected: 'text in each of the "steps"',
    found: steps.length === 0 ? 'no step' : `an empty one at index ${empty}`,
    cure: 'fill it in or remove the record',
  });
}

function labelOf(row: FileRow, steps: number): number {
  const label = row.field('label');
  if (typeof label === 'number' && Number.isInteger(label) && label >= -1 && label < steps) {
    return label;
  }
  throw row.error('label-invalid', {
    expected: `the first wrong one of ${steps} steps, counted from 0, or -1 in the field "label"`,
    found: JSON.stringify(label),
    cure: 'correct it; steps are counted from 0',
  });
}
