import { describe, expect, test } from 'vitest';
import { Session, Tensor } from '../onnx/index.js';
import * as g from './index.js';

/** Deterministic values in about [-1, 1]. */
function values(count: number, seed: number): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 1.1,
  );
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/**
 * Compares the symbolic gradient of sum(f(inputs) * fixed weights) with central differences, element by element.
 * Float32 with step 1e-2: truncation and rounding are both of the order 1e-4.
 */
async function check(shapes: number[][], f: (...inputs: g.Value[]) => g.Value): Promise<void> {
  const inputs = shapes.map((shape, i) => g.input(`x${i}`, 'float32', shape));
  const out = f(...inputs);
  const weights = g.constant(values(size(out.shape as number[]), 99), out.shape as number[]);
  const loss = g.sum(g.multiply(out, weights));
  const gradients = g.gradients(loss, inputs, g.scalar(1));
  const session = await Session.compile({
    loss,
    ...Object.fromEntries(gradients.map((value, i) => [`d${i}`, value])),
  });
  const data = shapes.map((shape, i) => values(size(shape), i));
  const run = async () => {
    const feeds = Object.fromEntries(
      data.map((d, i) => [`x${i}`, new Tensor('float32', d, shapes[i]!)]),
    );
    return session.run(feeds);
  };
  const analytic = await run();
  const step = 1e-2;
  for (let i = 0; i < data.length; i++) {
    const found = analytic[`d${i}`]!.data as Float32Array;
    expect(analytic[`d${i}`]!.dims).toEqual(shapes[i]);
    for (let k = 0; k < found.length; k++) {
      const kept = data[i]![k]!;
      data[i]![k] = kept + step;
      const up = (await run()).loss!.data[0] as number;
      data[i]![k] = kept - step;
      const down = (await run()).loss!.data[0] as number;
      data[i]![k] = kept;
      const numeric = (up - down) / (2 * step);
      expect(
        Math.abs(found[k]! - numeric),
        `input ${i} element ${k}: ${found[k]} against ${numeric}`,
      ).toBeLessThan(5e-3 * Math.max(1, Math.abs(numeric)));
    }
  }
  await session.release();
}

describe('gradients against finite differences', () => {
  test('add, multiply, scale', () =>
    check(
      [
        [3, 4],
        [3, 4],
      ],
      (a, b) => g.scale(g.add(g.multiply(a, b), b), 0.7),
    ));
  test('addRow', () => check([[3, 4], [4]], g.addRow));
  test('a value used twice', () => check([[2, 3]], (a) => g.multiply(a, g.add(a, a))));
  test('sum', () => check([[2, 3], [1]], (a, b) => g.multiply(g.reshape(g.sum(a), [1]), b)));
  test('reshape and transpose', () =>
    check([[2, 3, 4]], (a) => g.transpose(g.reshape(a, [3, 2, 4]), [2, 0, 1])));
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      test(`product, transposeA ${transposeA}, transposeB ${transposeB}`, () =>
        check([transposeA ? [4, 3] : [3, 4], transposeB ? [5, 4] : [4, 5]], (a, b) =>
          g.product(a, b, { transposeA, transposeB, alpha: 0.5 }),
        ));
      test(`product in batches, transposeA ${transposeA}, transposeB ${transposeB}`, () =>
        check(
          [transposeA ? [2, 3, 4, 3] : [2, 3, 3, 4], transposeB ? [2, 3, 2, 4] : [2, 3, 4, 2]],
          (a, b) => g.product(a, b, { transposeA, transposeB }),
        ));
    }
  }
  test('rmsNorm', () => check([[3, 8], [8]], (x, w) => g.rmsNorm(x, w, 1e-5)));
  test('swiglu', () =>
    check(
      [
        [3, 5],
        [3, 5],
      ],
      g.swiglu,
    ));
  test('repeatHeads', () => check([[2, 2, 3, 4]], (x) => g.repeatHeads(x, 3)));
  test('rotary', () => {
    const positions = g.constant(BigInt64Array.of(0n, 3n, 1n), [1, 3]);
    const angle = (sign: number, f: (x: number) => number) =>
      g.constant(
        Float32Array.from({ length: 16 }, (_, i) => sign * f((i >> 2) / 10 ** ((i & 3) / 4))),
        [4, 4],
      );
    return check([[1, 3, 16]], (x) =>
      g.rotary(x, positions, angle(1, Math.cos), angle(1, Math.sin), angle(-1, Math.sin)),
    );
  });
  test('maskedSoftmax', () => {
    const mask = g.constant(Float32Array.of(0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0), [3, 3]);
    return check([[2, 3, 3]], (scores) => g.maskedSoftmax(scores, mask));
  });
  test('embed, with an id twice', () => {
    const ids = g.constant(BigInt64Array.of(2n, 0n, 2n), [3]);
    return check([[4, 3]], (table) => g.embed(table, ids));
  });
  test('crossEntropy, with a row of weight zero', () => {
    const targets = g.constant(BigInt64Array.of(1n, 4n, 0n), [3]);
    const weights = g.constant(Float32Array.of(1, 0.5, 0), [3]);
    return check([[3, 5]], (logits) => g.reshape(g.crossEntropy(logits, targets, weights), [1]));
  });
  test('refuses shapes that do not fit', () => {
    const a = g.input('a', 'float32', [2, 3]);
    expect(() => g.add(a, g.input('b', 'float32', [3, 2]))).toThrow(
      'shapes must be equal, got [2,3] and [3,2]',
    );
    expect(() => g.product(a, a)).toThrow('cannot multiply [2,3] by [2,3]');
  });
  test('refuses a node without a gradient', () => {
    const a = g.input('a', 'float32', [2]);
    const loss = g.sum(g.node('Erf', [a], [[2]])[0]!);
    expect(() => g.gradients(loss, [a], g.scalar(1))).toThrow('Erf has no gradient');
  });
});
