/** The rows of a report as a picture: a bar for each way to answer, with its 95% interval and its tokens. */
import { escapeText, line, picture, pixels, text } from './svg.js';
import { percent } from './table.js';

/** What is drawn; a report has it. */
export interface Chart {
  readonly rows: readonly {
    readonly name: string;
    readonly accuracy: number;
    /** 95% interval of the accuracy. */
    readonly low: number;
    readonly high: number;
    /** Per problem. */
    readonly generatedTokens: number;
  }[];
  /** Test problems. */
  readonly problems: number;
  readonly seeds: readonly number[];
}

/** Every row of a report in a few words; `N` stands for the number at the end of the row's name. */
const meanings: Readonly<Record<string, string>> = {
  draft: "the student's greedy solution",
  sample: 'one sampled solution',
  bo3: 'the ORM chooses of 3 samples',
  'majority@': 'the most frequent answer of N samples',
  'best-of-': 'the ORM chooses of N samples',
  global: 'drafts refined globally',
  local: 'drafts refined where the SORM says',
  'local-orm': 'drafts refined where the ORM says',
  'local-truth': 'drafts refined at their true first error',
  'rerank-global': 'the ORM chooses of draft and global',
  'rerank-local': 'the ORM chooses of draft and local',
  rerank: 'the ORM chooses of draft, global, local',
  gate: 'rerank, but only if ORM(draft) < tau',
  'rerank-both': 'both critics choose of draft, global, local',
  'both-of-': 'both critics choose of N samples',
  oracle: 'draft, global or local is right',
  'oracle-bo3': 'one of 3 samples is right',
  'oracle@': 'one of N samples is right',
};

/** The rows drawn, in groups from top to bottom. */
const groups = [
  ['draft', 'sample'],
  ['bo3', 'majority@', 'best-of-', 'both-of-'],
  ['global', 'local'],
  ['rerank-global', 'rerank-local', 'rerank', 'gate', 'rerank-both'],
  ['oracle'],
];

/** The method's answer, and what it has to beat. */
const RECOMMENDED = 'rerank';
const BASELINE = 'draft';

/** What a row of the report is: "best-of-8" -> "the ORM chooses of 8 samples". */
export function meaningOf(name: string): string {
  const { kind, count } = kindOf(name);
  return meanings[kind]!.replace('N', count);
}

function kindOf(name: string): { kind: string; count: string } {
  const count = /(?<=[@-])\d+$/.exec(name)?.[0] ?? '';
  return { kind: name.slice(0, name.length - count.length), count };
}

// Layout in pixels: names, meanings, bars, and two columns of figures flush right.
const WIDTH = 840;
const MEANING = 104;
const BARS = 352;
const BARS_WIDTH = 300;
const ACCURACY = 720;
const TOKENS = WIDTH - 4;
const TOP = 66;
const ROW = 24;
const BAR = 14;
const GAP = 10;
/** From the middle of a row to the line its text stands on. */
const TEXT_SHIFT = 4;

const style = `
  .bar { fill: #757e88; fill-opacity: 0.4 }
  .whisker { stroke: #757e88; stroke-width: 1.5; fill: none }
  .baseline { stroke: #757e88; stroke-width: 1.5; stroke-dasharray: 4 4 }
  .bound .bar { fill-opacity: 0.12; stroke: #757e88; stroke-dasharray: 3 3 }
  .recommended text { fill: #2f81f7; font-weight: 600 }
  .recommended .note { font-weight: 400 }
  .recommended .bar { fill: #2f81f7; fill-opacity: 0.45 }
  .recommended .whisker { stroke: #2f81f7 }`;

/** Draws a report's answers. Lengths are proportional to accuracy; rows that the chart does not know are left out. */
export function renderChart({ rows, problems, seeds }: Chart): string {
  const shown = groups
    .map((kinds) => kinds.flatMap((kind) => rows.filter(({ name }) => kindOf(name).kind === kind)))
    .filter((group) => group.length > 0);
  const placed = shown.flatMap((group, index) => {
    const before = shown.slice(0, index).flat().length;
    return group.map((row, i) => ({ row, y: TOP + (before + i + 0.5) * ROW + index * GAP }));
  });
  const bottom = Math.max(TOP, ...placed.map(({ y }) => y + ROW / 2));
  const height = bottom + 58;
  // The axis ends at the next tenth above all that is drawn.
  const tenths = Math.ceil(10 * Math.max(0.1, ...placed.map(({ row }) => row.high)));
  const x = (accuracy: number) => BARS + (accuracy / (tenths / 10)) * BARS_WIDTH;

  const ticks = Array.from({ length: Math.floor(tenths / 2) + 1 }, (_, i) => i / 5).map((tick) => [
    line('grid', x(tick), TOP - 4, x(tick), bottom + 4),
    text('note middle', x(tick), bottom + 18, percent(tick, 0)),
  ]);
  const baseline = rows.find(({ name }) => name === BASELINE);
  const title = 'Accuracy of each way to answer';
  const footnote =
    `${problems.toLocaleString('en')} test problems, seed ${seeds.join(', ')}. ` +
    "Dashed line: the draft. Blue: the method's answer. Dashed bar: the best that a choice could do.";
  return picture(WIDTH, height, title, style, [
    text('note', BARS, TOP - 12, 'right answers, 95% interval'),
    text('note right', ACCURACY, TOP - 12, 'accuracy'),
    text('note right', TOKENS, TOP - 12, 'tokens/problem'),
    ...ticks.flat(),
    ...placed.map(({ row, y }) => drawRow(row, y, x)),
    ...(baseline
      ? [line('baseline', x(baseline.accuracy), TOP - 4, x(baseline.accuracy), bottom + 4)]
      : []),
    text('note', 0, height - 10, footnote),
  ]);
}

function drawRow(row: Chart['rows'][number], y: number, x: (accuracy: number) => number): string {
  const { name, accuracy, low, high, generatedTokens } = row;
  const kind = name === RECOMMENDED ? 'recommended' : name === 'oracle' ? 'bound' : 'plain';
  const [from, to, cap] = [x(low), x(high), 4];
  const whisker = `M${pixels(from)} ${pixels(y - cap)}v${2 * cap}M${pixels(from)} ${pixels(y)}H${pixels(to)}M${pixels(to)} ${pixels(y - cap)}v${2 * cap}`;
  return [
    `<g class="${kind}" data-row="${escapeText(name)}">`,
    text('', 0, y + TEXT_SHIFT, name),
    text('note', MEANING, y + TEXT_SHIFT, meaningOf(name)),
    `<rect class="bar" x="${pixels(BARS)}" y="${pixels(y - BAR / 2)}" width="${pixels(x(accuracy) - BARS)}" height="${BAR}" rx="2"/>`,
    `<path class="whisker" d="${whisker}"/>`,
    text('right', ACCURACY, y + TEXT_SHIFT, percent(accuracy)),
    text('right', TOKENS, y + TEXT_SHIFT, generatedTokens.toFixed(0)),
    '</g>',
  ].join('\n');
}
