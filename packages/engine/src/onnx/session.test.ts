import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import * as g from '../graph/index.js';
import { floats, Session, Tensor } from './session.js';

const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('glore-graph-'));

it('computes the same with constants in a file, which it leaves nowhere', async () => {
  const [rows, inner, columns] = [3, 200, 300];
  const numbers = (count: number, seed: number) =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * seed));
  const x = g.input('x', 'float32', [rows, inner]);
  // Large ones, one of them twice, and a small one.
  const weights = g.constant(numbers(inner * columns, 0.7), [inner, columns]);
  const others = g.constant(numbers(columns * columns, 0.3), [columns, columns]);
  const y = g.apply(g.apply(g.add(g.apply(x, weights), g.apply(x, weights)), others), others);
  const z = g.node('Add', [y, g.constant(numbers(columns, 1.3), [columns])], [y.shape])[0];
  const run = async (inMemory?: number) => {
    const session = await Session.compile({ z }, inMemory === undefined ? {} : { inMemory });
    const feeds = { x: new Tensor('float32', numbers(rows * inner, 0.9), [rows, inner]) };
    const found = floats(await session.run(feeds), 'z');
    await session.release();
    return found;
  };
  const before = folders();
  const plain = await run();
  expect(await run(0)).toEqual(plain);
  expect(plain.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  expect(folders()).toEqual(before);
});
