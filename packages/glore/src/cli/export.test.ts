import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ggufMetadata, loadCheckpoint } from '@glore/engine';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { program } from './program.js';

const base = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'glore-export-'));
});
afterAll(() => rm(dir, { recursive: true }));

const run = (...words: string[]) => program().parseAsync(['node', 'glore', ...words]);

test('writes the base with its tokenizer', async () => {
  const file = join(dir, 'new', 'base.gguf');
  await run('export-gguf', base, file, '--json');
  const bytes = await readFile(file);
  expect(bytes.subarray(0, 4).toString()).toBe('GGUF');
  const checkpoint = await loadCheckpoint(base);
  const numbers = [...checkpoint.weights.values()].reduce((sum, { data }) => sum + data.length, 0);
  expect(bytes.length).toBeGreaterThan(4 * numbers);
  expect(bytes.length).toBeLessThan(4 * numbers + 50_000);
  const metadata = ggufMetadata(checkpoint, 'base');
  expect(metadata['tokenizer.ggml.tokens']!.value).toHaveLength(checkpoint.config.vocabSize);
});

test('says what is wrong with a folder', async () => {
  await expect(run('export-gguf', join(dir, 'none'), join(dir, 'a.gguf'))).rejects.toMatchObject({
    code: 'checkpoint-missing',
  });
});
