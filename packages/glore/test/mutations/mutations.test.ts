/**
 * A finished run with one field of one record made into something else: whoever reads it says so by name, or what comes of it is
 * what it was. `MUTATIONS=5000 npx vitest run mutations` tries more of them, `MUTATIONS_SEED` others.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EngineError } from '@glore/engine';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { GloreError } from '../../src/error.js';
import { planRun } from '../../src/pipeline/index.js';
import { Random } from '../../src/problem/index.js';
import { readRecipe } from '../../src/recipe/index.js';
import { runStage, silentReporter } from '../../src/run/index.js';
import { writeRecord } from '../../src/study/record.js';
import { base, glore, temporaryFolder, writeRecipe } from '../glore.js';
import { mutation } from './mutate.js';
import { type Reader, readersOf } from './readers.js';

vi.setConfig({ testTimeout: 3_600_000, hookTimeout: 600_000 });

const count = Number(process.env.MUTATIONS ?? 100);
const seed = process.env.MUTATIONS_SEED ?? '1';

let folder: string;
let run: string;
let readers: Reader[];

beforeAll(async () => {
  folder = temporaryFolder();
  const recipe = writeRecipe(folder, 'recipe', ...small);
  run = join(folder, 'run');
  const { code, stderr } = await glore(['run', recipe, '--run', run]);
  expect(code, stderr).toBe(0);
  const plan = await planRun(readRecipe(recipe));
  const main = { variant: 'main', seed: 3, keep: [], until: undefined, against: undefined };
  await writeRecord(run, { ...main, recipe: readRecipe(recipe) }, plan, undefined);
  await addOthers();
  readers = readersOf(plan);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** As little as every kind of record needs. */
const small: [string, string][] = [
  ['dev: 24', 'dev: 10'],
  ['test: 66', 'test: 12'],
  ['sft: { problems: 32,', 'sft: { problems: 16,'],
  ['problems: 70, samples: 1', 'problems: 16, samples: 1'],
  [
    'drafts: { problems: 140, samples: 3, temperature: 1 }',
    'drafts: { problems: 70, samples: 3, temperature: 1, further: { most: 6, temperature: 1.2 } }',
  ],
  ['rollouts: { samples: 40,', 'rollouts: { samples: 20,'],
  ['candidates: 24,', 'candidates: 8,'],
  ['examples: 120', 'examples: 60'],
  ['sorm: { epochs: 4, batch: 8,', 'sorm: { epochs: 1, batch: 16,'],
  ['examples: 64 }', 'examples: 32 }'],
  [
    'evaluation: { samples: 8, temperature: 1 }',
    'evaluation: { samples: 3, temperature: 1, rounds: 2 }',
  ],
];

/** Files that are there while a stage works, or where models are served. */
async function addOthers(): Promise<void> {
  const write = (file: string, ...values: unknown[]) => {
    mkdirSync(join(run, file, '..'), { recursive: true });
    writeFileSync(join(run, file), values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  };
  await runStage({
    run,
    name: 'other',
    settings: 1,
    upstream: [],
    reporter: silentReporter,
    work: async () => ({ generatedTokens: 5 }),
  });
  const [sample] = records('drafts/samples.jsonl');
  writeFileSync(
    join(run, 'other/samples.jsonl.journal'),
    [0, 1, 2].map((i) => `${JSON.stringify({ key: `unit-${i}`, records: [sample] })}\n`).join(''),
  );
  write('endpoints/coverage.json', { orm: 0.9, sorm: 1 });
  const covered = { '0.99': 3, '0.9': 1, '0.5': 0, '0': 0 };
  write('endpoints/roles/run.json', { orm: { answers: 3, refused: 1, covered } });
  const spent = { requests: 3, promptTokens: 50, completionTokens: 20, seconds: 1, money: 0.5 };
  write('endpoints/local.json', spent);
  const solution = { steps: ['Ann has 3 + 4 = 7 pens.'], answer: '7', values: [0.9, 0.8] };
  const question = 'Ann has 3 pens.';
  const { values: _, ...draft } = solution;
  const writer = { role: 'local', question, draft, location: 1 };
  write(
    'golden.jsonl',
    { role: 'orm', question, ...solution },
    { ...writer, text: 'Ann has 7', tokens: 5, apart: true },
  );
  write('training/curve.jsonl', { step: 1, tokens: 9, rate: 1e-3, loss: 2.5, heldOut: 2.6 });
  write('lock', { pid: 4190000, host: 'elsewhere', started: '2026-11-01T00:00:00.000Z' });
  const recipe = JSON.parse(readFileSync(join(run, 'recipe.json'), 'utf8'));
  write('whole.json', { recipe: { ...recipe, base } });
}

const records = (file: string): unknown[] =>
  readFileSync(join(run, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** What comes of reading: a value, or an error's code; `unnamed` is an error that nobody foresaw. */
async function outcome(
  reader: Reader,
): Promise<{ value?: unknown; named?: Error; unnamed?: Error }> {
  try {
    return { value: await reader.read(run) };
  } catch (error) {
    if (error instanceof GloreError || error instanceof EngineError) return { named: error };
    return { unnamed: error as Error };
  }
}

/** Fields that a record may lack, and that may be nothing. */
const optional =
  /(^|\.)(truth|structure|least|coverage|answered|fields|files|orm|sorm|\w*[aA]uc|wrongFixed|stepAccuracy|distinct|steps|located|against|equal|headroomRealised|accuracy\w*|firstErrors|until|against|labels|further|examples|agreement|before|birth)(\.\w+)?$/;

/** What Hugging Face's files have not has a value that is usual. */
const mayLack = (file: string, at: string): boolean =>
  /model\/\w+\.json$/.test(file) ||
  optional.test(at) ||
  // A draft and a sample may have been cut off before their answer, and a report's shares may be of nothing.
  /draft\.answer$|firstError\.\w+$/.test(at) ||
  (/samples|candidates|refinements/.test(file) && /answer$/.test(at));

it(`names ${count} mutations of records, or is not moved by them`, async () => {
  const random = new Random('mutations', seed);
  const found = { named: 0, same: 0, other: 0, changed: [] as string[], unnamed: [] as string[] };
  const before = new Map<Reader, unknown>();
  for (let i = 0; i < count; i++) {
    const reader = readers[i % readers.length]!;
    const path = join(run, reader.file);
    const text = readFileSync(path, 'utf8');
    if (!before.has(reader)) before.set(reader, await outcome(reader));
    writeFileSync(path, text);
    const { what, mutated, harmful } = mutatedText(reader, text, random);
    writeFileSync(path, mutated);
    const { named, unnamed, ...after } = await outcome(reader);
    rmSync(path, { force: true });
    writeFileSync(path, text);
    const same = isDeepStrictEqual(
      { named: codeOf(named), ...after },
      withCode(before.get(reader)),
    );
    if (unnamed) found.unnamed.push(`${what}: ${unnamed.name}: ${unnamed.message}`);
    else if (same) found.same++;
    else if (named) {
      found.named++;
      if (!named.message.includes(reader.file))
        named.message.includes(run) || found.unnamed.push(`${what}: no file: ${named.message}`);
    } else if (harmful) found.changed.push(what);
    else found.other++;
  }
  if (process.env.MUTATIONS_OUT) {
    writeFileSync(process.env.MUTATIONS_OUT, JSON.stringify(found, null, 1));
  }
  expect(found.unnamed).toEqual([]);
  expect(found.changed).toEqual([]);
  expect(found.named).toBeGreaterThan(count / 2);
});

const codeOf = (error: Error | undefined): string | undefined =>
  error && (error as GloreError).code;

const withCode = (value: unknown) => {
  const { named, ...rest } = value as { named?: Error };
  return { named: codeOf(named), ...rest };
};

function mutatedText(reader: Reader, text: string, random: Random) {
  const next = () => random.next();
  const made = (value: unknown) => {
    const { path, old, value: other, mutated } = mutation(value, next);
    const at = path.join('.');
    // Another value of the same kind may be a right one, and what is optional may be gone.
    const alike = typeof old === typeof other && Array.isArray(old) === Array.isArray(other);
    const huge = typeof other === 'number' && Math.abs(other) > 1e15;
    // Any label may be right, and be known or not.
    const isLabel = /labels\.\d+$/.test(at) && (other === null || typeof other === 'boolean');
    return {
      what: `${reader.file} ${at} -> ${JSON.stringify(other) ?? 'nothing'}`,
      text: JSON.stringify(mutated),
      harmful: alike ? huge : !isLabel && !(mayLack(reader.file, at) && (other ?? null) === null),
    };
  };
  if (!reader.lines) {
    const { text: mutated, ...rest } = made(JSON.parse(text));
    return { ...rest, mutated: `${mutated}\n` };
  }
  const lines = text.trimEnd().split('\n');
  const at = Math.floor(next() * lines.length);
  const { text: mutated, ...rest } = made(JSON.parse(lines[at]!));
  return { ...rest, mutated: `${lines.with(at, mutated).join('\n')}\n` };
}
