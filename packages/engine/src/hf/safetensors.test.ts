import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EngineError } from '../error.js';
import type { Tensor } from '../llama/index.js';
import { readSafetensors, writeSafetensors, writeSafetensorsFrom } from './safetensors.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'safetensors-'));
});
afterAll(() => rm(dir, { recursive: true }));

function tensor(shape: number[], ...numbers: number[]): Tensor {
  return { shape, data: Float32Array.from(numbers) };
}

/** A file with this header (as JSON or raw text) and these data bytes. */
async function file(name: string, header: object | string, data: Uint8Array): Promise<string> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const path = join(dir, name);
  await writeFile(path, Buffer.concat([length, json, data]));
  return path;
}

const sample = new Map([
  ['b', tensor([2, 3], 1, -2, 3.5, 0, -0, Infinity)],
  ['a', tensor([], 7)],
  ['empty', tensor([0, 4])],
  ['__proto__', tensor([1], 1e-40)],
]);

it('reads what it wrote, bit for bit', async () => {
  const path = join(dir, 'round.safetensors');
  await writeSafetensors(path, sample);
  const back = await readSafetensors(path);
  expect(new Set(back.keys())).toEqual(new Set(sample.keys()));
  for (const [name, { shape, data }] of sample) expect(back.get(name)).toEqual({ shape, data });
});

it('writes the documented layout', async () => {
  const path = join(dir, 'layout.safetensors');
  await writeSafetensors(path, new Map([['x', tensor([2], 1, 2)]]), { step: '3' });
  const bytes = await readFile(path);
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  expect(headerBytes % 8).toBe(0);
  expect(JSON.parse(bytes.subarray(8, 8 + headerBytes).toString())).toEqual({
    __metadata__: { format: 'pt', step: '3' },
    x: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
  });
  expect(bytes.subarray(8 + headerBytes).toString('hex')).toBe('0000803f00000040');
});

it('widens half and brain floats to float32', async () => {
  // 1, -2, 65504 (largest), 2^-24 (smallest), infinity, NaN, -0
  const half = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0x7e00, 0x8000);
  const brain = Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x0001);
  const header = {
    half: { dtype: 'F16', shape: [7], data_offsets: [0, 14] },
    brain: { dtype: 'BF16', shape: [2, 2], data_offsets: [14, 22] },
  };
  const data = Buffer.concat([new Uint8Array(half.buffer), new Uint8Array(brain.buffer)]);
  const back = await readSafetensors(await file('half.safetensors', header, data));
  expect([...back.get('half')!.data]).toEqual([1, -2, 65504, 2 ** -24, Infinity, NaN, -0]);
  expect(back.get('brain')).toEqual(tensor([2, 2], 1, -2, Infinity, 2 ** -133));
});

it('reads the shards of an index', async () => {
  await writeSafetensors(join(dir, 's1.safetensors'), new Map([['a', tensor([1], 1)]]));
  await writeSafetensors(join(dir, 's2.safetensors'), new Map([['b', tensor([1], 2)]]));
  const index = join(dir, 'model.safetensors.index.json');
  const write = (map: object) => writeFile(index, JSON.stringify({ weight_map: map }));
  await write({ a: 's1.safetensors', b: 's2.safetensors' });
  expect(await readSafetensors(index)).toEqual(
    new Map([
      ['a', tensor([1], 1)],
      ['b', tensor([1], 2)],
    ]),
  );
  await write({ a: 's2.safetensors' });
  await expect(readSafetensors(index)).rejects.toThrow(/a in s2.safetensors/);
  await write({ a: '../s1.safetensors' });
  await expect(readSafetensors(index)).rejects.toThrow(/a file name beside it for a/);
  await write({ a: 's3.safetensors' });
  await expect(readSafetensors(index)).rejects.toMatchObject({ code: 'safetensors-unreadable' });
});

it('refuses a file cut off at any byte', async () => {
  const whole = join(dir, 'whole.safetensors');
  await writeSafetensors(whole, sample);
  const bytes = await readFile(whole);
  const path = join(dir, 'cut.safetensors');
  for (let length = 0; length < bytes.length; length++) {
    await writeFile(path, bytes.subarray(0, length));
    await expect(readSafetensors(path)).rejects.toMatchObject({
      code: 'safetensors-invalid',
      message: expect.stringContaining(path),
    });
  }
});

it('answers any damage with an EngineError or with tensors as large as the file says', async () => {
  const whole = join(dir, 'whole.safetensors');
  await writeSafetensors(whole, sample);
  const bytes = await readFile(whole);
  const path = join(dir, 'damaged.safetensors');
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, byte) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = byte;
      await writeFile(path, damaged);
      try {
        for (const { shape, data } of (await readSafetensors(path)).values()) {
          expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
        }
      } catch (error) {
        expect(error).toBeInstanceOf(EngineError);
      }
    }),
  );
});

const entry = (shape: unknown, begin: unknown, end: unknown, dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

it.each<[string, object | string, RegExp]>([
  ['no JSON', '{"a":', /a JSON object/],
  ['a list', '[]', /a JSON object/],
  ['an entry that is none', { a: 3 }, /a has dtype undefined/],
  ['an unknown dtype', { a: entry([1], 0, 8, 'I64') }, /a has dtype "I64".*F32, F16 and BF16/],
  ['an inherited dtype', { a: entry([2], 0, 8, 'toString') }, /a has dtype "toString"/],
  ['a negative shape', { a: entry([-1, -2], 0, 8) }, /a with a shape of whole numbers/],
  ['too few bytes', { a: entry([3], 0, 8) }, /shape \[3\] with data_offsets 12 bytes apart/],
  ['backward offsets', { a: entry([2], 8, 0) }, /8 bytes apart, found \[8,0\]/],
  ['a huge shape', { a: entry([2 ** 40, 2 ** 40], 0, 8) }, /bytes apart/],
  ['offsets past the end', { a: entry([2 ** 40], 0, 2 ** 42) }, /4398046511104 bytes of data/],
  ['an overlap', { a: entry([2], 0, 8), b: entry([1], 4, 8) }, /b at data byte 8, found byte 4/],
  ['a gap', { a: entry([1], 4, 8) }, /a at data byte 0, found byte 4/],
  ['bytes left over', { a: entry([1], 0, 4) }, /4 bytes of data, found 8 bytes/],
])('refuses a header with %s', async (_, header, message) => {
  const path = await file('header.safetensors', header, new Uint8Array(8));
  const reading = readSafetensors(path);
  await expect(reading).rejects.toThrow(EngineError);
  await expect(reading).rejects.toThrow(message);
});

it('refuses a header length beyond the file', async () => {
  const path = join(dir, 'long.safetensors');
  await writeFile(path, Buffer.alloc(16, 0xff));
  await expect(readSafetensors(path)).rejects.toThrow(/a header of at most 8 bytes/);
});

it('does not write a tensor whose shape is not its data', async () => {
  const wrong = new Map([['a', tensor([3], 1, 2)]]);
  await expect(writeSafetensors(join(dir, 'wrong.safetensors'), wrong)).rejects.toMatchObject({
    code: 'tensor-misshapen',
    message: expect.stringContaining('a of shape [3] needs 3 numbers, found 2'),
  });
});

it('leaves the file that is there as it was where a shape is not its data', async () => {
  const path = join(dir, 'kept.safetensors');
  await writeSafetensors(path, sample);
  const before = await readFile(path);
  const wrong = new Map([...sample, ['last', tensor([2], 1)]]);
  await expect(writeSafetensors(path, wrong)).rejects.toMatchObject({ code: 'tensor-misshapen' });
  expect(await readFile(path)).toEqual(before);
});

it('leaves no part of a file whose tensors do not come', async () => {
  const path = join(dir, 'part.safetensors');
  const writing = (pieces: () => Iterable<Float32Array>) =>
    writeSafetensorsFrom(path, [{ name: 'a', shape: [3], pieces }]);
  await expect(writing(() => [Float32Array.of(1, 2)])).rejects.toMatchObject({
    code: 'tensor-misshapen',
  });
  await expect(readFile(path)).rejects.toThrow('ENOENT');
  const failing = function* () {
    yield Float32Array.of(1);
    throw new Error('no more');
  };
  await expect(writing(failing)).rejects.toThrow('no more');
  await expect(readFile(path)).rejects.toThrow('ENOENT');
});
