/** Products in 8 bits against the same sums written out, and against products of numbers as they are. */
import { expect, it } from 'vitest';
import { Session, signedBytesAreExact, Tensor } from '../onnx/index.js';
import * as g from './index.js';

const [block, out] = [9, 21];
const inner = 4 * block;
const numbers = Int8Array.from({ length: inner * out }, (_, i) => ((i * 73) % 255) - 127);
const scales = Float32Array.from({ length: out }, (_, o) => 0.01 + (o % 5) / 300);
/** [in, out] as numbers that are not rounded. */
const matrix = Float32Array.from(numbers, (value, i) => value * scales[i % out]!);
const turned = Int8Array.from(
  numbers,
  (_, i) => numbers[(i % inner) * out + Math.floor(i / inner)]!,
);
const eight: g.EightBits = {
  blocks: [0, 1, 2, 3].map((i) =>
    g.constant(numbers.subarray(i * block * out, (i + 1) * block * out), [block, out]),
  ),
  scales: g.constant(scales, [out]),
};
const back = (up: g.Value) =>
  g.timesEight(
    g.scaleColumns(up, eight.scales!),
    { blocks: [g.constant(turned, [out, inner])] },
    () => up,
  );
const rows = (count: number, width: number) =>
  Float32Array.from({ length: count * width }, (_, i) => Math.sin(i * 0.37) * (1 + (i % 3)));

async function computed(outputs: Record<string, g.Value>, x: Float32Array, shape: number[]) {
  const session = await Session.compile(outputs);
  const found = await session.run({ x: new Tensor('float32', x, shape) });
  await session.release();
  return Object.fromEntries(
    Object.entries(found).map(([name, { data }]) => [name, data as Float32Array]),
  );
}

it('is the sum of rounded numbers, each row by its own scale', async () => {
  const count = 5;
  const given = rows(count, inner);
  given.fill(0, inner, 2 * inner);
  given[2 * inner + 1] = 1000;
  const x = g.input('x', 'float32', [1, 'rows', inner]);
  const { y } = await computed({ y: g.timesEight(x, eight, back) }, given, [1, count, inner]);
  for (let row = 0; row < count; row++) {
    const own = given.subarray(row * inner, (row + 1) * inner);
    const scaleOf = own.map((_, i) => {
      const first = i - (i % block);
      return Math.max(...own.subarray(first, first + block).map(Math.abs)) / 127;
    });
    for (let o = 0; o < out; o++) {
      let wanted = 0;
      own.forEach((value, i) => {
        const scale = scaleOf[i]!;
        const rounded = scale > 0 ? Math.round(value / scale) * scale : 0;
        wanted += rounded * numbers[i * out + o]! * scales[o]!;
      });
      expect(Math.abs(y![row * out + o]! - wanted)).toBeLessThan(1e-4 * (1 + Math.abs(wanted)));
    }
  }
  expect(y!.subarray(out, 2 * out).every((value) => value === 0)).toBe(true);
});

it('is near the product and its gradient', async () => {
  const count = 16;
  const graph = (times: (x: g.Value) => g.Value) => {
    const x = g.input('x', 'float32', [count, inner]);
    const y = times(x);
    return { y, d: g.gradients(g.sum(g.multiply(y, y)), [x], g.scalar(1))[0]! };
  };
  const given = rows(count, inner);
  const found = await computed(
    graph((x) => g.timesEight(x, eight, back)),
    given,
    [count, inner],
  );
  const exact = await computed(
    graph((x) => g.product(x, g.constant(matrix, [inner, out]))),
    given,
    [count, inner],
  );
  for (const name of ['y', 'd'] as const) {
    const error = Math.hypot(...found[name]!.map((value, i) => value - exact[name]![i]!));
    const relative = error / Math.hypot(...exact[name]!);
    expect(relative).toBeLessThan(0.02);
    expect(relative).toBeGreaterThan(0);
  }
});

it('is the same with bytes that have no sign', async () => {
  const x = g.input('x', 'float32', [3, inner]);
  const unsigned = eight.blocks.map((_, i) =>
    g.constant(
      Uint8Array.from(numbers.subarray(i * block * out, (i + 1) * block * out), (n) => n + 128),
      [block, out],
    ),
  );
  const { y, z } = await computed(
    {
      y: g.timesEight(x, eight, back),
      z: g.timesEight(x, { ...eight, blocks: unsigned }, back),
    },
    rows(3, inner),
    [3, inner],
  );
  expect(z).toEqual(y);
});

it('knows whether bytes with a sign are multiplied right, as they are or not', async () => {
  const right = await signedBytesAreExact();
  const x = g.input('x', 'float32', [1, 64]);
  const blocks = [g.constant(new Int8Array(64).fill(127), [64, 1])];
  const { y } = await computed(
    { y: g.timesEight(x, { blocks }, () => x) },
    new Float32Array(64).fill(1),
    [1, 64],
  );
  expect(Math.abs(y![0]! - 64 * 127) < 0.1).toBe(right);
});

it('refuses shapes that do not fit', () => {
  expect(() => g.timesEight(g.input('x', 'float32', [2, inner + 1]), eight, back)).toThrow(
    expect.objectContaining({ code: 'shape' }),
  );
});
