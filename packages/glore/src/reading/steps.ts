/**
 * The steps of a solution: lines, or what a writer means by a step. Found in a text are numbered steps with what stands below
 * their number, else lines; a block that spans lines (LaTeX, code) belongs to the line before it, and so do what a heading or a
 * line that ends with a colon announces.
 */

/** What a step is: a line, a paragraph, or what is found in the text. */
export const stepKinds = ['lines', 'paragraphs', 'found'] as const;
export type StepKind = (typeof stepKinds)[number];

/** A step: its lines, counted from 0; `to` is not part of it. */
export interface StepLines {
  readonly from: number;
  readonly to: number;
}

/** Where the steps of these lines are; blank lines between steps belong to none. */
export function stepsIn(lines: readonly string[], kind: StepKind): StepLines[] {
  if (kind === 'lines') return eachLine(lines);
  const units = unitsOf(lines);
  if (kind === 'paragraphs') return joined(units, (_, next) => !isApart(lines, next));
  const numbers = numberedIn(lines, units);
  return numbers
    ? joined(units, (_, next) => !numbers.has(next.from) && belongs(lines, next, numbers))
    : joined(units, (unit, next) => announces(lines, unit) || isBlock(lines[next.from]!));
}

const isBlank = (line: string): boolean => line.trim() === '';

const eachLine = (lines: readonly string[]): StepLines[] =>
  lines.flatMap((line, from) => (isBlank(line) ? [] : [{ from, to: from + 1 }]));

/** Lines, and blocks of them. A block that is not closed ends where the text does. */
function unitsOf(lines: readonly string[]): StepLines[] {
  const units: StepLines[] = [];
  for (let from = 0; from < lines.length; ) {
    let to = from + 1;
    const close = closeOf(lines[from]!);
    if (close) {
      while (to < lines.length && !close.test(lines[to]!)) to++;
      to = Math.min(to + 1, lines.length);
    }
    if (!isBlank(lines[from]!)) units.push({ from, to });
    from = to;
  }
  return units;
}

const begins = /^\s{0,8}(?:\\\[|\$\$|\\begin\{|```|~~~)/;
const isBlock = (line: string): boolean => begins.test(line) || /^\s*(?:[-*_]\s?){3,}$/.test(line);

/** What closes the block that a line opens; undefined where it opens none, or closes it itself. */
function closeOf(line: string): RegExp | undefined {
  if (/^\s*```/.test(line)) return /^\s*```\s*$/;
  if (/^\s*~~~/.test(line)) return /^\s*~~~\s*$/;
  const display = line.lastIndexOf('\\[');
  if (display >= 0 && display > line.lastIndexOf('\\]')) return /\\\]/;
  if ((line.match(/\$\$/g)?.length ?? 0) % 2 === 1) return /\$\$/;
  const [, name] = /\\begin\{([a-z]{1,16}\*?)\}/i.exec(line) ?? [];
  if (name === undefined || line.includes(`\\end{${name}}`)) return undefined;
  return new RegExp(String.raw`\\end\{${name.replace('*', String.raw`\*`)}\}`);
}

/** Whether a blank line is before a unit. */
const isApart = (lines: readonly string[], { from }: StepLines): boolean =>
  from === 0 || isBlank(lines[from - 1]!);

/** A heading, and what ends with a colon, say what comes. */
function announces(lines: readonly string[], { to }: StepLines): boolean {
  const line = lines[to - 1]!.trim();
  return /^#{1,6}\s/.test(line) || /^\*\*[^*]+\*\*:?$/.test(line) || /[:：](?:\*\*)?$/.test(line);
}

const headed = /^\s{0,3}(?:#{1,6}\s{0,3}(?:step\s{0,3})?|\*{0,2}step\s{1,3})(\d{1,3})\b/i;
const listed = /^\s{0,3}\*{0,2}(\d{1,3})[.)]\*{0,2}\s/;

/** The lines at which numbered steps begin, two or more in their order; undefined where there are none. */
function numberedIn(
  lines: readonly string[],
  units: readonly StepLines[],
): ReadonlyMap<number, 'headed' | 'listed'> | undefined {
  for (const [how, pattern] of [
    ['headed', headed],
    ['listed', listed],
  ] as const) {
    const found = new Map<number, 'headed' | 'listed'>();
    let last = 0;
    for (const { from } of units) {
      const number = Number(pattern.exec(lines[from]!)?.[1] ?? Number.NaN);
      if (number !== last + 1) continue;
      found.set(from, how);
      last = number;
    }
    if (found.size > 1) return found;
  }
  return undefined;
}

/** Below a heading all belongs to it; below an item of a list what is indented, a block, or without a blank line before it. */
function belongs(
  lines: readonly string[],
  unit: StepLines,
  numbers: ReadonlyMap<number, 'headed' | 'listed'>,
): boolean {
  const [first] = numbers.keys();
  if (unit.from < first!) return isBlock(lines[unit.from]!);
  const how = numbers.get(first!);
  if (how === 'headed') return true;
  const line = lines[unit.from]!;
  return /^\s{2,}/.test(line) || isBlock(line) || !isApart(lines, unit);
}

/** Units with those after them that are part of the same step. */
function joined(
  units: readonly StepLines[],
  together: (step: StepLines, next: StepLines) => boolean,
): StepLines[] {
  const steps: StepLines[] = [];
  for (const unit of units) {
    const step = steps.at(-1);
    if (step && together(step, unit)) steps[steps.length - 1] = { from: step.from, to: unit.to };
    else steps.push(unit);
  }
  return steps;
}
