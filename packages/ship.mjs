/**
 * After `tsc -b`: makes of each package what is shipped. Files of sources that have gone are taken out of dist, and the
 * recipes, the base checkpoints, the pages and the trainer are put beside it, where `glore` finds them by name.
 */
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

for (const name of ['engine', 'glore']) {
  const dist = join(root, 'packages', name, 'dist');
  const record = '.tsbuildinfo';
  const { fileNames } = JSON.parse(readFileSync(join(dist, record), 'utf8'));
  const built = fileNames
    .filter((path) => path.startsWith('../src/'))
    .map((path) => path.slice('../src/'.length, -'.ts'.length))
    .flatMap((module) => [`${module}.js`, `${module}.d.ts`]);
  const kept = new Set([record, ...built].map((path) => join(dist, path)));
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !kept.has(path)) rmSync(path);
  }
}

for (const folder of ['recipes', 'checkpoints/base', 'checkpoints/plain', 'checkpoints/pages']) {
  const copy = join(root, 'packages/glore', folder);
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(root, folder), copy, { recursive: true });
}

const pages = join(root, 'packages/glore/web');
rmSync(pages, { recursive: true, force: true });
cpSync(join(root, 'packages/web/build'), pages, { recursive: true });

// Without its tests and what Python leaves beside them.
const trainer = join(root, 'packages/glore/trainers/hf');
rmSync(trainer, { recursive: true, force: true });
for (const file of [
  'README.md',
  'batches.py',
  'doubt.py',
  'fsdp.yaml',
  'golden.py',
  'requirements.txt',
  'train.py',
])
  cpSync(join(root, 'trainers/hf', file), join(trainer, file));
