/** Folders of checkpoints and adapters. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  ggufMetadata,
  initialAdapter,
  loadAdapter,
  loadCheckpoint,
  openTokenizer,
  saveAdapter,
} from '@glore/engine';
import { smallCheckpoint } from '../folder.mjs';
import { mutateBytes, mutateJson, mutateValue } from '../mutate.mjs';
import { holds } from '../outcome.mjs';
import { soup } from '../texts.mjs';

/** A safetensors file with another header, or another length of it. */
function mutateTensors(random, bytes) {
  if (random.chance(0.3)) return mutateBytes(random, bytes);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
  const text = mutateJson(random, header);
  const size = Buffer.alloc(8);
  const written = random.chance(0.85)
    ? BigInt(text.length)
    : random.of([0n, 1n, 2n ** 63n, 2n ** 64n - 1n, BigInt(length), 100_000_000n, 100_000_001n]);
  size.writeBigUInt64LE(written);
  return Buffer.concat([
    size,
    text,
    bytes.subarray(8 + length, random.chance(0.9) ? undefined : -4),
  ]);
}

export const checkpoints = {
  name: 'checkpoints',
  about:
    'model folders and adapters with another config.json, tokenizer.json or safetensors: read, or named',
  share: 2,
  weight: 0.3,
  async open({ folder }) {
    const pristine = join(folder, 'pristine');
    const config = await smallCheckpoint(pristine);
    const adapter = initialAdapter(config, { rank: 2, alpha: 4, modules: ['q_proj', 'v_proj'] }, 1);
    await saveAdapter(join(folder, 'adapter'), adapter, 'x');
    for (const name of readdirSync(join(folder, 'adapter'))) {
      cpSync(join(folder, 'adapter', name), join(pristine, name));
    }
    const index = {
      metadata: { total_size: 1 },
      weight_map: Object.fromEntries(
        Object.keys(headerOf(readFileSync(join(pristine, 'model.safetensors'))))
          .filter((name) => name !== '__metadata__')
          .map((name) => [name, 'part.safetensors']),
      ),
    };
    const work = join(folder, 'work');
    const files = readdirSync(pristine).sort();
    const contents = new Map(files.map((name) => [name, readFileSync(join(pristine, name))]));
    return {
      make(random) {
        const text = soup(random, 6);
        const file = random.of([
          ...files,
          'config.json',
          'tokenizer.json',
          'tokenizer.json',
          'model.safetensors.index.json',
        ]);
        if (random.chance(0.03)) return { file, as: random.of(['gone', 'folder']), text };
        if (file.endsWith('.index.json')) return { file, bytes: mutateJson(random, index), text };
        const bytes = contents.get(file);
        if (file.endsWith('.safetensors'))
          return { file, bytes: mutateTensors(random, bytes), text };
        const value = JSON.parse(bytes.toString());
        // Most of a tokenizer is its vocabulary; what decides is the rest.
        if (file === 'tokenizer.json' && random.chance(0.7)) {
          const { model, ...rest } = value;
          const { vocab, ...how } = model;
          const changed = mutateValue(random, { ...rest, model: how });
          if (changed?.model && typeof changed.model === 'object') changed.model.vocab ??= vocab;
          return { file, bytes: Buffer.from(JSON.stringify(changed) ?? 'null'), text };
        }
        return { file, bytes: mutateJson(random, value), text };
      },
      async run({ file, as, bytes, text }) {
        rmSync(work, { recursive: true, force: true });
        cpSync(pristine, work, { recursive: true });
        const path = join(work, file);
        if (existsSync(path)) rmSync(path);
        if (as === 'folder') mkdirSync(path);
        else if (bytes) writeFileSync(path, bytes);
        if (file.endsWith('.index.json')) {
          rmSync(join(work, 'model.safetensors'));
          cpSync(join(pristine, 'model.safetensors'), join(work, 'part.safetensors'));
        }
        if (file.startsWith('adapter')) {
          const { weights } = await loadAdapter(work, config);
          holds(weights.size > 0, 'shape', 'an adapter without weights');
          return 'adapter read';
        }
        const checkpoint = await loadCheckpoint(work);
        const tokenizer = openTokenizer(checkpoint.tokenizer);
        const ids = tokenizer.encode(text);
        holds(
          ids.every((id) => Number.isInteger(id) && id >= 0 && id < checkpoint.config.vocabSize),
          'token',
          () => `ids ${ids.slice(0, 20)} of a vocabulary of ${checkpoint.config.vocabSize}`,
        );
        tokenizer.decode(ids);
        ggufMetadata(checkpoint);
        return 'model read';
      },
    };
  },
};

const headerOf = (bytes) =>
  JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
