import { describe, expect, it } from 'vitest';
import { evaluate, parseEquation } from './arithmetic.js';
import { equationDrill } from './drill.js';
import { Random } from './random.js';
import { difficulty } from './settings.js';

describe('equationDrill', () => {
  const settings = difficulty(0.5);
  const random = new Random('drill');
  const drills = Array.from({ length: 5000 }, () => equationDrill(random, settings));

  it('says truly whether the shown result is right', () => {
    for (const { left, result, right } of drills) {
      const equation = parseEquation(`${left}=${result}`)!;
      expect(evaluate(equation) === equation.result, `${left}=${result}`).toBe(right);
    }
  });

  it('is about half wrong, with all four operators', () => {
    expect(drills.filter((drill) => drill.right).length / drills.length).toBeCloseTo(0.5, 1);
    for (const sign of '+-*/') {
      expect(drills.filter((d) => d.left.includes(sign)).length).toBeGreaterThan(300);
    }
  });

  it('keeps numbers in the range of the settings', () => {
    for (const { left, result, right } of drills) {
      const numbers = left.split(/\D/).map(Number);
      if (right) numbers.push(Number(result));
      for (const number of numbers) {
        expect(number).toBeGreaterThanOrEqual(1);
        expect(number).toBeLessThanOrEqual(settings.maxValue);
      }
    }
  });

  it('slips mostly by one digit, the leading one included', () => {
    const wrong = drills.filter((drill) => !drill.right);
    const changed = wrong.map(({ left, result }) => {
      const truth = String(evaluate(parseEquation(`${left}=0`)!));
      if (truth.length !== result.length) return [];
      return [...truth].flatMap((digit, place) => (digit === result[place] ? [] : [place]));
    });
    const single = changed.filter((places) => places.length === 1);
    expect(single.length / wrong.length).toBeGreaterThan(0.5);
    for (const place of [0, 1, 2]) {
      expect(single.filter(([only]) => only === place).length / wrong.length).toBeGreaterThan(0.1);
    }
  });

  it('repeats itself for the same key', () => {
    const again = new Random('drill');
    expect(Array.from({ length: 100 }, () => equationDrill(again, settings))).toEqual(
      drills.slice(0, 100),
    );
  });
});
