/** The rows of a report as a picture: a bar for each way to answer, with its 95% interval and its tokens. */
import type { Point } from './point.js';
import { escapeText, line, picture, pixels, text } from './svg.js';
import { percent } from './table.js';
import { groups, meaningOf, standardWays, type Way, wayOf } from './ways/index.js';

/** What is drawn; a report has it. */
export interface Chart {
  readonly rows: readonly Point[];
  /** Test problems. */
  readonly problems: number;
  readonly seeds: readonly number[];
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

/** Draws a report's answers. Lengths are proportional to accuracy; rows that are none of the ways are left out. */
export function renderChart(
  { rows, problems, seeds }: Chart,
  ways: readonly Way[] = standardWays,
): string {
  const known = rows.flatMap((row) => {
    const way = wayOf(row.name, ways)?.way;
    return way ? [{ row, way, meaning: meaningOf(row.name, ways) }] : [];
  });
  const shown = groups
    .map((group) => known.filter(({ way }) => way.group === group && !way.undrawn))
    .filter((group) => group.length > 0);
  const placed = shown.flatMap((group, index) => {
    const before = shown.slice(0, index).flat().length;
    return group.map((drawn, i) => ({
      ...drawn,
      y: TOP + (before + i + 0.5) * ROW + index * GAP,
    }));
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
  const baseline = known.find(({ way }) => way.role === 'baseline')?.row;
  const title = 'Accuracy of each way to answer';
  const footnote =
    `${problems.toLocaleString('en')} test problems, seed ${seeds.join(', ')}. ` +
    "Dashed line: the draft. Blue: the method's answer. Dashed bar: the best that a choice could do.";
  return picture(WIDTH, height, title, style, [
    text('note', BARS, TOP - 12, 'right answers, 95% interval'),
    text('note right', ACCURACY, TOP - 12, 'accuracy'),
    text('note right', TOKENS, TOP - 12, 'tokens/problem'),
    ...ticks.flat(),
    ...placed.map((drawn) => drawRow(drawn, x)),
    ...(baseline
      ? [line('baseline', x(baseline.accuracy), TOP - 4, x(baseline.accuracy), bottom + 4)]
      : []),
    text('note', 0, height - 10, footnote),
  ]);
}

/** A row with what it is, and the height of its middle. */
interface Drawn {
  readonly row: Point;
  readonly way: Way;
  readonly meaning: string;
  readonly y: number;
}

function drawRow({ row, way, meaning, y }: Drawn, x: (accuracy: number) => number): string {
  const { name, accuracy, low, high, generatedTokens } = row;
  const kind = way.role === 'method' ? 'recommended' : way.group === 'bounds' ? 'bound' : 'plain';
  const [from, to, cap] = [x(low), x(high), 4];
  const whisker = `M${pixels(from)} ${pixels(y - cap)}v${2 * cap}M${pixels(from)} ${pixels(y)}H${pixels(to)}M${pixels(to)} ${pixels(y - cap)}v${2 * cap}`;
  return [
    `<g class="${kind}" data-row="${escapeText(name)}">`,
    text('', 0, y + TEXT_SHIFT, name),
    text('note', MEANING, y + TEXT_SHIFT, meaning),
    `<rect class="bar" x="${pixels(BARS)}" y="${pixels(y - BAR / 2)}" width="${pixels(x(accuracy) - BARS)}" height="${BAR}" rx="2"/>`,
    `<path class="whisker" d="${whisker}"/>`,
    text('right', ACCURACY, y + TEXT_SHIFT, percent(accuracy)),
    text('right', TOKENS, y + TEXT_SHIFT, generatedTokens.toFixed(0)),
    '</g>',
  ].join('\n');
}
