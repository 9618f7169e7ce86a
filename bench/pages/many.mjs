/** A run of many test problems, made of a finished one: the same records again and again, under other ids. */
import { once } from 'node:events';
import { cpSync, createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes it into a new folder; models are left out. */
export async function makeMany(from, folder, problems) {
  mkdirSync(folder, { recursive: true });
  cpSync(from, folder, {
    recursive: true,
    filter: (path) => !/\.safetensors$|\/(lock|processes|endpoints)$/.test(path),
  });
  for (const [name, key] of [
    ['problems/test.jsonl', 'id'],
    ['evaluation/test.attempts.jsonl', 'problem'],
    ['evaluation/test.refinements.jsonl', 'problem'],
  ]) {
    const records = readFileSync(join(from, name), 'utf8').split('\n').filter(Boolean);
    const parsed = records.map((line) => JSON.parse(line));
    const out = createWriteStream(join(folder, name));
    for (let i = 0; i < problems; i++) {
      const record = parsed[i % parsed.length];
      const again = Math.floor(i / parsed.length);
      const line = `${JSON.stringify({ ...record, [key]: `${record[key]}-${again}` })}\n`;
      if (!out.write(line)) await once(out, 'drain');
    }
    out.end();
    await once(out, 'finish');
  }
}
