/** GGUF files, read and imported. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ggufMetadata,
  ggufTensors,
  importGguf,
  loadCheckpoint,
  loadGguf,
  openTokenizer,
  saveGguf,
} from '@glore/engine';
import { importCommand } from '../../packages/glore/dist/cli/import.js';
import { smallCheckpoint } from '../folder.mjs';
import { mutateBytes, oddNumbers, oddTexts } from '../mutate.mjs';
import { holds } from '../outcome.mjs';

const sizes = [0n, 1n, 2n, 33n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const types = [...Array(14).keys(), 255, 2 ** 32 - 1];

/** Where the texts of a file's head stand, each after its length. */
function textsIn(bytes, words) {
  return words.flatMap((word) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(word.length));
    const at = bytes.indexOf(Buffer.concat([length, Buffer.from(word)]));
    return at < 0 ? [] : [{ word, at }];
  });
}

/** A file of which one word is spelt otherwise, or what stands behind it: its type, its number, its sizes. */
function mutateHead(random, bytes, texts) {
  const out = Buffer.from(bytes);
  const { word, at } = random.of(texts);
  const behind = at + 8 + word.length;
  switch (random.whole(0, 5)) {
    case 0: {
      const text = Buffer.from(random.of([...oddTexts, random.of(texts).word]));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(text.length));
      return Buffer.concat([out.subarray(0, at), length, text, out.subarray(behind)]);
    }
    case 1:
      out.writeBigUInt64LE(random.of(sizes), at);
      return out;
    case 2:
      out.writeUInt32LE(random.of(types), behind);
      return out;
    case 3:
      out.writeFloatLE(random.of(oddNumbers.filter((one) => Math.abs(one) < 1e38)), behind + 4);
      return out;
    case 4:
      out.writeUInt32LE(random.of([0, 1, 2, 3, 255, 2 ** 31, 2 ** 32 - 1]), behind + 4);
      return out;
    default:
      out.writeBigUInt64LE(random.of(sizes), behind + random.of([4, 8, 12]));
      return out;
  }
}

/** The counts before all else: the version, the tensors, the entries. */
function mutateCounts(random, bytes) {
  const out = Buffer.from(bytes);
  const at = random.of([4, 8, 16]);
  if (at === 4) out.writeUInt32LE(random.of([0, 1, 2, 4, 2 ** 24 * 3, 2 ** 32 - 1]), 4);
  else out.writeBigUInt64LE(random.of(sizes), at);
  return out;
}

export const gguf = {
  name: 'gguf',
  about:
    'GGUF files, read and imported: a model whose tokens and tensors fit, or named and nothing is left',
  share: 2,
  weight: 0.3,
  async open({ folder }) {
    await smallCheckpoint(join(folder, 'model'));
    const checkpoint = await loadCheckpoint(join(folder, 'model'));
    const pristine = join(folder, 'pristine.gguf');
    await saveGguf(pristine, checkpoint);
    const bytes = readFileSync(pristine);
    const words = [...Object.keys(ggufMetadata(checkpoint)), ...ggufTensors(checkpoint).keys()];
    const texts = textsIn(bytes, words);
    const file = join(folder, 'model.gguf');
    const out = join(folder, 'out');
    /** What was read is a model: what it is made of fits. */
    const checkRead = ({ config, weights, tokenizer }) => {
      const table = weights.get('model.embed_tokens.weight');
      holds(table?.shape[0] === config.vocabSize, 'shape', () => `${table?.shape}`);
      const { encode, decode } = openTokenizer(tokenizer);
      const ids = encode('Fay has 3 apples.');
      holds(
        ids.every((id) => Number.isInteger(id) && id >= 0 && id < config.vocabSize),
        'token',
        () => `ids ${ids.slice(0, 20)} of a vocabulary of ${config.vocabSize}`,
      );
      decode(ids);
    };
    const ways = {
      load: async () => checkRead(await loadGguf(file)),
      async import() {
        const { runs } = await importGguf(file, out);
        if (runs) checkRead(await loadCheckpoint(out));
      },
      async command() {
        const { write } = process.stdout;
        const said = process.stderr.write;
        process.stdout.write = () => true;
        process.stderr.write = () => true;
        try {
          await importCommand().exitOverride().parseAsync([file, out], { from: 'user' });
        } finally {
          process.stdout.write = write;
          process.stderr.write = said;
        }
      },
    };
    return {
      make(random) {
        const way = random.of(Object.keys(ways));
        const choice = random.share();
        if (choice < 0.02) return { way, as: random.of(['gone', 'folder']) };
        if (choice < 0.2) return { way, bytes: mutateBytes(random, bytes) };
        if (choice < 0.3) return { way, bytes: mutateCounts(random, bytes) };
        const changed = mutateHead(random, bytes, texts);
        return { way, bytes: random.chance(0.2) ? mutateHead(random, changed, texts) : changed };
      },
      async run({ way, as, bytes }) {
        for (const path of [file, out]) rmSync(path, { recursive: true, force: true });
        if (as === 'folder') mkdirSync(file);
        else if (bytes) writeFileSync(file, bytes);
        try {
          await ways[way]();
          return `${way}: read`;
        } catch (error) {
          holds(!existsSync(out) || Object(error).kind, 'left', () => `${error.message}`);
          throw error;
        }
      },
    };
  },
};
