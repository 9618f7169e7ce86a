/** A base whose tokenizer lacks special tokens, with a student on a server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildTokenizer, initialWeights, openTokenizer, saveCheckpoint } from '@glore/engine';
import { expect, it, onTestFinished } from 'vitest';
import { renderHealth } from '../cli/doctor.js';
import { screenOf } from '../cli/terminal.js';
import { openRunFolder } from '../pipeline/index.js';
import { openServedRoles } from '../pipeline/served.js';
import { readRecipe } from '../recipe/index.js';
import { examine } from './examine.js';

const root = resolve(import.meta.dirname, '../../../..');
const served = readRecipe(join(root, 'recipes/tiny.yaml'), 'served');

/** A base with some of the special tokens. */
async function smallBase(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'glore-lack-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const tokenizer = buildTokenizer({
    texts: ['Fay has 3 apples.'],
    special: ['<|pad|>', '<|bos|>', '<|eos|>'],
  });
  const config = {
    ...{ vocabSize: openTokenizer(tokenizer).size, hiddenSize: 8, intermediateSize: 8, layers: 1 },
    ...{ heads: 2, kvHeads: 1, headSize: 8, ropeTheta: 10_000, normEpsilon: 1e-5 },
    ...{ maxPositions: 64, tieEmbeddings: true, bosToken: 1, eosToken: 2, padToken: 0 },
  };
  await saveCheckpoint(folder, { config, weights: initialWeights(config, 1), tokenizer });
  return folder;
}

it('is told of by the doctor and by a run', async () => {
  const server = createServer((_, response) => response.writeHead(404).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const recipe = {
    ...served,
    endpoints: { here: { url, patience: 0 } },
    models: { student: { ...served.models!.student!, endpoint: 'here' } },
  };
  const lack = /tokenizer lacks <\|step\|>, .*<\|revision\|>: they are added to it here/;

  const health = await examine({ ...recipe, base: await smallBase() }, []);
  expect(health.lack).toMatch(lack);
  expect(renderHealth(health, screenOf(process.stdout)).replaceAll(/\s+/g, ' ')).toMatch(lack);
  expect((await examine(recipe, [])).lack).toBeUndefined();

  for (const base of [await smallBase(), served.base]) {
    const folder = mkdtempSync(join(tmpdir(), 'glore-lack-run-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const notes: string[] = [];
    const note = (text: string) => void notes.push(text);
    const run = await openRunFolder(folder, { ...recipe, base });
    await openServedRoles(run, ['student'], { note }).catch(() => {});
    expect(notes.some((text) => lack.test(text))).toBe(base !== served.base);
  }
});
