/**
 * Memory of one model of 135M parameters, and of five on the same weights, four of them adapters, as the roles of a run are:
 * `node --expose-gc bench/engine/shared.mjs [workers]`. Proportional set size, of Linux alone: a page of a file that sessions
 * map several times counts once.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { initialAdapter, initialWeights, Model } from '@glore/engine';
import { table } from '../table.mjs';
import { LORA } from './ours.mjs';
import { smolSizes } from './smol.mjs';

const config = smolSizes['135M'];
const tokens = Array.from({ length: 40 }, (_, i) => (i * 97) % 4000);

async function measure(count, workers) {
  let weights = initialWeights(config, 1);
  const models = [];
  for (let i = 0; i < count; i++) {
    const adapter = i > 0 && { adapter: initialAdapter(config, LORA, i) };
    models.push(await Model.open({ config, weights, ...adapter }, { workers }));
  }
  weights = undefined;
  const branches = Array.from({ length: 8 }, (_, seed) => ({ length: tokens.length, seed }));
  const contexts = [0, 1].map((k) => ({ tokens: tokens.map((token) => token + k), branches }));
  const sampling = { contexts, maxTokens: 8, temperature: 1, stop: [] };
  const scoring = { items: [{ tokens, positions: [tokens.length - 1] }], labels: [1, 2] };
  for (const model of models) {
    const each = (work) => Promise.all(Array.from({ length: workers }, work));
    await each(() => model.generate(sampling));
    await each(() => model.score(scoring));
  }
  // What was written to files is let go of.
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((done) => setTimeout(done, 500));
  }
  const found = readFileSync('/proc/self/smaps_rollup', 'utf8');
  await Promise.all(models.map((model) => model.close()));
  return ['Pss', 'Anonymous'].map((name) =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(found)[1]) / 1024),
  );
}

const [workers = '2', count] = process.argv.slice(2);
if (count) {
  console.log(JSON.stringify(await measure(Number(count), Number(workers))));
} else {
  // Each in a process of its own.
  const [one, five] = [1, 5].map((models) =>
    JSON.parse(
      execFileSync(
        process.execPath,
        ['--expose-gc', fileURLToPath(import.meta.url), workers, String(models)],
        { encoding: 'utf8' },
      ),
    ),
  );
  console.log(
    table(
      ['models', 'MiB', 'of these not of files', 'to one'],
      [one, five].map(([all, own], i) => [
        i === 0 ? '1' : '5, four adapters',
        String(all),
        String(own),
        (all / one[0]).toFixed(2),
      ]),
    ),
  );
}
