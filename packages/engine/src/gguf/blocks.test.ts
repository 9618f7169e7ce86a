import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { seededBlocks } from '../golden/index.js';
import { blockTypes } from './blocks.js';

/** What llama.cpp's `gguf` package made of seeded blocks: bench/interop/import.mjs --write. */
const golden = JSON.parse(
  readFileSync(new URL('../golden/blocks.golden.json', import.meta.url), 'utf8'),
) as {
  readonly types: Readonly<
    Record<
      string,
      { type: number; seed: number; blocks: number; first: readonly number[]; sha256: string }
    >
  >;
};

test('all types that are read are compared', () => {
  expect(Object.keys(golden.types)).toEqual([...blockTypes.values()].map(({ name }) => name));
});

describe.each(Object.entries(golden.types))('%s', (name, { type, seed, blocks, first, sha256 }) => {
  it('becomes the same bits as in the gguf package', () => {
    const { decode, bytes, numbers } = blockTypes.get(type)!;
    const data = seededBlocks(type, blocks, seed);
    expect(data.length).toBe(blocks * bytes);
    const found = decode(data);
    expect(found.length).toBe(blocks * numbers);
    expect([...found.subarray(0, first.length)], name).toEqual(first);
    const raw = new Uint8Array(found.buffer, found.byteOffset, found.byteLength);
    expect(createHash('sha256').update(raw).digest('hex')).toBe(sha256);
  });
});
