import { describe, expect, it } from 'vitest';
import type { RefinedPoint } from './curve.js';
import { renderCurve } from './curve-chart.js';
import type { Point } from './point.js';
import { type Element, parseXml } from './xml.testing.js';

const point = (name: string, accuracy: number, generatedTokens: number): Point => ({
  name,
  accuracy,
  low: accuracy - 0.05,
  high: accuracy + 0.05,
  generatedTokens,
});
const refined = (name: string, accuracy: number, generatedTokens: number): RefinedPoint => ({
  ...point(name, accuracy, generatedTokens),
  rounds: 1,
  tau: 0.5,
  equal: { majority: undefined, bestOf: undefined },
  against: undefined,
});
const curve = {
  majority: [point('majority@1', 0.4, 100), point('majority@2', 0.45, 200)],
  bestOf: [point('best-of-1', 0.4, 100), point('best-of-2', 0.6, 200)],
  rounds: [refined('rounds@0', 0.5, 100), refined('rounds@1', 0.7, 150)],
  budgets: [refined('budget@1', 0.5, 100), refined('budget@2', 0.8, 400)],
};

describe('renderCurve', () => {
  const svg = parseXml(renderCurve({ curve, problems: 1500, seeds: [1] }));
  const groups = new Map(
    svg.children
      .filter(({ name }) => name === 'g')
      .map((group) => [group.attributes.class!, group.children]),
  );
  const numbers = (path: string) => [...path.matchAll(/[\d.]+/g)].map(([n]) => Number(n));
  const of = (children: Element[], kind: string) =>
    children.filter(({ attributes }) => attributes.class === kind);
  const dots = (name: string) =>
    of(groups.get(name)!, 'dot').map(({ attributes }) => [
      Number(attributes.cx),
      Number(attributes.cy),
    ]);

  it('has a line and a band for each way to spend tokens, ours on top', () => {
    expect([...groups.keys()]).toEqual(['majority', 'bestOf', 'rounds', 'budgets']);
    for (const [name, children] of groups) {
      const [line] = of(children, 'line');
      expect(numbers(line!.attributes.d!)).toEqual(dots(name).flat());
      const band = numbers(of(children, 'band')[0]!.attributes.d!);
      expect(band).toHaveLength(8);
      const [[x, y]] = dots(name) as [[number, number]];
      expect([band[0], band[6]]).toEqual([x, x]);
      expect(band[1]! + band[7]!).toBeCloseTo(2 * y, 1);
    }
  });

  it('has right tokens to the right and accuracy upwards, to scale', () => {
    const [[x1, y1], [x2, y2]] = dots('bestOf') as [[number, number], [number, number]];
    const [[, draft], [most, best]] = dots('budgets') as [[number, number], [number, number]];
    expect((most! - x1) / (x2 - x1)).toBeCloseTo(3, 2);
    expect((draft - best) / (y1 - y2)).toBeCloseTo(0.3 / 0.2, 2);
    expect(best).toBeLessThan(draft);
    for (const [x, y] of [...groups.keys()].flatMap(dots)) {
      expect(x).toBeLessThanOrEqual(Number(svg.attributes.width));
      expect(y).toBeLessThanOrEqual(Number(svg.attributes.height));
    }
  });

  it('says what it is of', () => {
    expect(svg.children.at(-1)!.text).toBe(
      '1,500 test problems, seed 1. k from 1 to 2; rounds from 0, the draft, to 1.',
    );
  });
});
