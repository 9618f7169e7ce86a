import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as g from '../graph/index.js';
import { floats, Session, type SessionOptions, Tensor } from './session.js';

it('computes the same with constants in a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'session-'));
  const [rows, inner, columns] = [3, 600, 503];
  const numbers = (count: number, seed: number) =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * seed));
  // One after the other, wherever that is in a page.
  const all = numbers(1 + 2 * columns * inner + columns, 0.7);
  await writeFile(join(folder, 'numbers'), new Uint8Array(all.buffer));
  const run = async (
    constant: (start: number, shape: readonly number[]) => g.Value,
    options: SessionOptions,
  ) => {
    const x = g.input('x', 'float32', [rows, inner]);
    // Sizes that are no multiple of anything, to see what is aligned.
    const once = g.apply(x, constant(1, [columns, inner]));
    const twice = g.apply(once, constant(1 + columns * inner, [inner, columns]));
    const again = g.apply(twice, constant(1, [columns, inner]));
    const z = g.addRow(again, constant(1 + 2 * columns * inner, [columns]));
    const session = await Session.compile({ z }, options);
    const feeds = { x: new Tensor('float32', numbers(rows * inner, 0.9), [rows, inner]) };
    const found = floats(await session.run(feeds), 'z');
    await session.release();
    return found;
  };
  const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  const plain = await run(
    (start, shape) => g.constant(all.subarray(start, start + sizeOf(shape)), shape),
    {},
  );
  expect(plain.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  const largest = Math.max(...plain.map(Math.abs));
  const close = (found: Float32Array) =>
    found.forEach((value, i) => {
      expect(Math.abs(value - plain[i]!) / largest).toBeLessThan(1e-4);
    });
  const stored = (start: number, shape: readonly number[]) => g.stored('numbers', 4 * start, shape);
  close(await run(stored, { store: folder }));
  await rm(folder, { recursive: true });
});
