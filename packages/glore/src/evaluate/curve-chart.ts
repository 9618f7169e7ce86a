/** Accuracy against generated tokens as a picture: a line for each way to spend them, with its 95% band. */
import { type Curve, curveLines } from './curve.js';
import type { Point } from './point.js';
import { line, picture, pixels, text } from './svg.js';
import { percent } from './table.js';

export interface CurveChart {
  readonly curve: Curve;
  /** Test problems. */
  readonly problems: number;
  readonly seeds: readonly number[];
}

// Layout in pixels.
const WIDTH = 840;
const HEIGHT = 430;
const [LEFT, RIGHT, TOP, BOTTOM] = [44, WIDTH - 12, 66, HEIGHT - 72];
const LEGEND = { majority: 0, bestOf: 175, rounds: 410, budgets: 580 };
const SAMPLE = 24;

const style = `
  .line { fill: none; stroke-width: 2; stroke: #757e88 }
  .dot, .band { fill: #757e88 }
  .band { fill-opacity: 0.12 }
  .majority .line { stroke-dasharray: 2 4 }
  .rounds .line, .budgets .line { stroke: #2f81f7 }
  .rounds .dot, .budgets .dot, .budgets .band, .rounds .band { fill: #2f81f7 }
  .rounds .line { stroke-dasharray: 7 4 }
  .budgets text { fill: #2f81f7; font-weight: 600 }`;

/** Draws the curve of a report. */
export function renderCurve({ curve, problems, seeds }: CurveChart): string {
  const all = curveLines.flatMap(([name]) => curve[name]);
  const most = Math.max(...all.map(({ generatedTokens }) => generatedTokens));
  const lowest = Math.floor(10 * Math.min(...all.map(({ low }) => low)));
  const highest = Math.ceil(10 * Math.max(...all.map(({ high }) => high)));
  const x = (tokens: number) => LEFT + (tokens / most) * (RIGHT - LEFT);
  const y = (accuracy: number) =>
    BOTTOM - ((10 * accuracy - lowest) / (highest - lowest)) * (BOTTOM - TOP);
  const tenths = Array.from({ length: highest - lowest + 1 }, (_, i) => (lowest + i) / 10);
  const step = niceStep(most / 6);
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  return picture(WIDTH, HEIGHT, 'Accuracy against generated tokens', style, [
    text('note', LEFT, TOP - 18, 'right answers, 95% band; below: generated tokens per problem'),
    ...tenths.flatMap((tenth) => [
      line('grid', LEFT, y(tenth), RIGHT, y(tenth)),
      text('note right', LEFT - 6, y(tenth) + 4, percent(tenth, 0)),
    ]),
    ...ticks.map((tokens) => text('note middle', x(tokens), BOTTOM + 18, String(tokens))),
    ...curveLines.map(([name, meaning]) => draw(name, meaning, LEGEND[name], curve[name], x, y)),
    text(
      'note',
      0,
      HEIGHT - 10,
      `${problems.toLocaleString('en')} test problems, seed ${seeds.join(', ')}. k from 1 to ${curve.bestOf.length}; ` +
        `rounds from 0, the draft, to ${curve.rounds.length - 1}.`,
    ),
  ]);
}

function draw(
  name: string,
  meaning: string,
  legend: number,
  points: readonly Point[],
  x: (tokens: number) => number,
  y: (accuracy: number) => number,
): string {
  // A larger budget need not be spent.
  const sorted = points.toSorted((a, b) => a.generatedTokens - b.generatedTokens);
  const path = (height: (point: Point) => number, order: readonly Point[]) =>
    order
      .map((point) => `${pixels(x(point.generatedTokens))} ${pixels(y(height(point)))}`)
      .join('L');
  const band = `M${path(({ high }) => high, sorted)}L${path(({ low }) => low, sorted.toReversed())}Z`;
  const at = HEIGHT - 32;
  return [
    `<g class="${name}">`,
    `<path class="band" d="${band}"/>`,
    `<path class="line" d="M${path(({ accuracy }) => accuracy, sorted)}"/>`,
    ...sorted.map(
      ({ accuracy, generatedTokens }) =>
        `<circle class="dot" cx="${pixels(x(generatedTokens))}" cy="${pixels(y(accuracy))}" r="2.5"/>`,
    ),
    line('line', legend, at - 4, legend + SAMPLE, at - 4),
    text('note', legend + SAMPLE + 6, at, meaning),
    '</g>',
  ].join('\n');
}

/** The next of 1, 2, 5, 10, .. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}
