/**
 * GGUF files, read here and by llama.cpp's `gguf` package and transformers: numbers of every type bit by bit; and of each
 * file that is named, every tensor bit by bit, logits, ids of texts, the chat template. Needs GLORE_PYTHON with torch,
 * transformers, accelerate and gguf; after `npm ci --prefix bench/peers` ids are compared with llama.cpp's too. `--write` keeps what the package gave for seeded blocks as the golden file of the
 * engine's tests. Ends with 1 if anything differs.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { importGguf, loadCheckpoint, Model, openTokenizer } from '@glore/engine';
import { blockTypes, openGguf } from '../../packages/engine/dist/gguf/index.js';
import { logitsOf, relativeError, seededBlocks } from '../../packages/engine/dist/golden/index.js';
import { openLlama } from '../peers/llama.mjs';
import { python, startPython } from '../python.mjs';
import { table } from '../table.mjs';
import { writtenTexts } from './texts.mjs';

const TOLERANCE = 1e-4;
const BLOCKS = 2000;
const GOLDEN_BLOCKS = 64;
const TEXTS = 400;
const PROMPTS = 20;
const NEW = 32;
const target = new URL('../../packages/engine/src/golden/blocks.golden.json', import.meta.url);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    greedy: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(`usage: npm run bench:import -- [--write] [--greedy] [FILE.gguf ..]

  --greedy   ${PROMPTS} prompts are also continued by ${NEW} tokens, here and by transformers
  --write    keep the golden file of the engine's tests`);
  process.exit(0);
}
if (!python) {
  console.error('GLORE_PYTHON: expected the path of a Python with torch, transformers and gguf');
  process.exit(1);
}
const llama = await openLlama();
const reference = startPython(new URL('gguf_side.py', import.meta.url));
const work = await mkdtemp(join(tmpdir(), 'glore-import-'));
let missed = 0;
const check = (right, text) => {
  if (!right) missed++;
  return right ? text : `${text} DIFFERENT`;
};
const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const bytesOf = (floats) => new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);

/** Blocks of every type: the same bits from the package and from here. */
async function compareBlocks() {
  const rows = [];
  const golden = {};
  for (const [type, { name, decode, numbers }] of blockTypes) {
    const theirs = async (blocks) => {
      const request = { do: 'decode', type, blocks: Buffer.from(blocks).toString('base64') };
      return Buffer.from((await reference.call(request)).numbers, 'base64');
    };
    const blocks = seededBlocks(type, BLOCKS, type + 1);
    const same = Buffer.from(bytesOf(decode(blocks))).equals(await theirs(blocks));
    rows.push([name, String(BLOCKS * numbers), check(same, same ? 'all' : 'not all')]);
    const few = await theirs(seededBlocks(type, GOLDEN_BLOCKS, type));
    const first = new Float32Array(few.buffer.slice(few.byteOffset, few.byteOffset + 16));
    golden[name] = {
      type,
      seed: type,
      blocks: GOLDEN_BLOCKS,
      first: [...first],
      sha256: sha256(few),
    };
  }
  console.log(table(['type', 'numbers', 'same bits'], rows));
  const versions = await reference.call({ do: 'versions' });
  if (values.write) await writeFile(target, `${JSON.stringify({ ...versions, types: golden })}\n`);
}

/** Each tensor of a file as the package reads it, before it is named and turned for Hugging Face. */
async function sameTensors(path) {
  const theirs = await reference.call({ do: 'tensors', file: path });
  const file = await openGguf(path);
  let same = 0;
  for (const [name, entry] of file.tensors) {
    const hash = createHash('sha256');
    for await (const piece of file.pieces(entry, 1)) hash.update(bytesOf(piece));
    if (hash.digest('hex') === theirs[name]) same++;
    else console.error(`${path}: ${name} differs`);
  }
  await file.close();
  const all = Object.keys(theirs).length;
  return check(same === all, `${same} of ${all} tensors`);
}

async function logits(file, gguf, tokens, more = {}) {
  const into = join(work, 'logits');
  const found = await reference.call({ do: 'compute', file, gguf, tokens, into, ...more });
  const rows = [];
  for (const i of tokens.keys()) {
    const raw = await readFile(`${into}.${i}`);
    rows.push(new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length)));
  }
  return { ...found, rows };
}

async function compareFile(path) {
  const folder = join(work, basename(path));
  const started = performance.now();
  const imported = await importGguf(path, folder);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const lines = [
    ['imported', `${imported.architecture}, ${imported.parameters} numbers, ${seconds} s`],
  ];
  const line = (what, found) => lines.push([what, found]);
  line('same bits as the package', await sameTensors(path));

  const texts = writtenTexts(TEXTS, 1);
  const ours = openTokenizer(await readFile(join(folder, 'tokenizer.json'), 'utf8'));
  const theirs = await reference.call({ do: 'encode', file: path, gguf: true, texts });
  const again = await reference.call({ do: 'encode', file: folder, texts });
  const differing = (one, other) => texts.filter((_, i) => String(one[i]) !== String(other[i]));
  const show = (list) => (list.length > 0 ? `; first ${JSON.stringify(list[0].slice(0, 60))}` : '');
  const same = (list) => `${texts.length - list.length} of ${texts.length}${show(list)}`;
  const fromFile = differing(again.ids, theirs.ids);
  line("ids: folder in transformers, transformers' own reading", same(fromFile));
  const here = differing(texts.map(ours.encode), again.ids);
  line('ids: engine, folder in transformers', check(here.length === 0, same(here)));
  if (llama) {
    const model = await llama.loadModel({ modelPath: path, gpuLayers: 0, vocabOnly: true });
    const found = texts.map((text) => [...model.tokenize(text, true)]);
    await model.dispose();
    // Composed first, as Qwen's own tokenizer does and llama.cpp does not.
    const other = differing(again.ids, found).filter((text) => text === text.normalize('NFC'));
    line('ids: folder in transformers, llama.cpp', check(other.length === 0, same(other)));
  }
  line(
    'with what is put around',
    check(String(again.around) === String(theirs.around), 'compared'),
  );
  line(
    'chat template',
    check(again.chat === theirs.chat, again.chat === null ? 'none' : 'same text'),
  );

  const sequences = texts.slice(0, 4).map((text) => again.ids[texts.indexOf(text)].slice(0, 48));
  const prompts = values.greedy
    ? texts.slice(0, PROMPTS).map((_, i) => again.ids[i].slice(0, 24))
    : [];
  const own = await logits(path, true, sequences);
  const read = await logits(folder, false, sequences, { prompts, new: NEW });
  const worst = (rows) => Math.max(...rows.map((row, i) => relativeError(row, own.rows[i])));
  const number = (error) => check(error < TOLERANCE, error.toExponential(1));
  line("logits: folder in transformers, transformers' own reading", number(worst(read.rows)));
  if (imported.runs) {
    const checkpoint = await loadCheckpoint(folder);
    const { config, weights } = checkpoint;
    const plain = [];
    for (const tokens of sequences.slice(0, 2)) plain.push(await logitsOf(config, weights, tokens));
    line("logits: engine, transformers' own reading", number(worst(plain)));
    if (prompts.length > 0) {
      const model = await Model.open(checkpoint, { workers: 1, rows: 8 });
      const { completions } = await model.generate({
        contexts: prompts.map((tokens) => ({
          tokens,
          branches: [{ length: tokens.length, seed: 0 }],
        })),
        maxTokens: NEW,
        temperature: 0,
        stop: [config.eosToken, ...(config.otherEosTokens ?? [])],
      });
      await model.close();
      const equal = completions.filter(
        ([{ tokens }], i) => String(tokens) === String(read.greedy[i]),
      );
      line(
        `greedy, ${NEW} tokens: engine, transformers`,
        check(equal.length === prompts.length, `${equal.length} of ${prompts.length}`),
      );
    }
  } else line('engine', 'does not run this architecture');
  console.log(`\n${basename(path)}`);
  console.log(table(['what', 'found'], lines));
  await rm(folder, { recursive: true });
}

try {
  await compareBlocks();
  for (const path of positionals) await compareFile(path);
} finally {
  await llama?.dispose();
  reference.close();
  await rm(work, { recursive: true, force: true });
}
if (missed > 0) {
  console.error(`${missed} comparisons missed`);
  process.exitCode = 1;
}
