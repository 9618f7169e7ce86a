/** Both packages as npm packs them, installed into an empty project: what they ship, and that it works there alone. */
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, posix, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { roleNames } from '../src/model/index.js';
import type { Decision } from '../src/refine/index.js';
import { base, temporaryFolder, writeRecipe } from './glore.js';

// Most of it starts processes; the machine need not be free.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const root = resolve(import.meta.dirname, '../../..');
const sources = { '@glore/engine': 'packages/engine', glore: 'packages/glore' };
const names = Object.keys(sources) as (keyof typeof sources)[];

const manifestOf = (name: keyof typeof sources): Manifest =>
  JSON.parse(readFileSync(join(root, sources[name], 'package.json'), 'utf8')) as Manifest;

/** The modules that a package exports, by the path they are exported as. */
const exportsOf = (manifest: Manifest): [path: string, module: string][] =>
  Object.entries(manifest.exports)
    .map(([path, door]): [string, string] => [path, typeof door === 'string' ? door : door.default])
    .filter(([, module]) => module.endsWith('.js'));

let folder: string;
/** The project of somebody who has just installed both. */
let project: string;
let tarballs: string[];

beforeAll(async () => {
  folder = temporaryFolder();
  project = join(folder, 'project');
  mkdirSync(project);
  const workspaces = names.flatMap((name) => ['-w', name]);
  await run('npm', ['pack', '--ignore-scripts', ...workspaces, '--pack-destination', folder], root);
  tarballs = names.map((name) => {
    const { version } = manifestOf(name);
    return join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  });
  const here = versionsOfHere();
  const { version } = here.packages['node_modules/@types/node']!;
  writeJson('package.json', { type: 'module', devDependencies: { '@types/node': version } });
  writeJson('package-lock.json', here);
  await inProject('npm', 'install', '--prefer-offline', '--ignore-scripts', ...tarballs);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program to its end, without what the npm around this test has put into the environment. */
async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'));
  const { stdout } = await promisify(execFile)(program, args, {
    cwd,
    env: { ...Object.fromEntries(env), NO_COLOR: '1' },
    maxBuffer: 1 << 26,
  });
  return stdout;
}

const inProject = (program: string, ...args: string[]) => run(program, args, project);
const glore = (...args: string[]) => inProject(join(project, 'node_modules/.bin/glore'), ...args);

const writeJson = (name: string, value: unknown) =>
  writeFileSync(join(project, name), JSON.stringify(value));

const filesOf = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('node_modules'))
    .sort();

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly link?: true }>>;
}

/** A lock file with the versions of this repository, which `npm ci` has put into npm's cache: of them npm takes what it needs. */
function versionsOfHere(): Lock {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const packages = Object.entries(lock.packages)
    .map(
      ([path, entry]) =>
        [path.replace(/^packages\/glore\//, 'node_modules/glore/'), entry] as const,
    )
    .filter(([path, { link }]) => path.startsWith('node_modules/') && !link);
  return { ...lock, packages: Object.fromEntries(packages) };
}

describe.each(names)('the tarball of %s', (name) => {
  const source = join(root, sources[name]);
  const manifest = manifestOf(name);
  const installed = () => join(project, 'node_modules', name);
  const inDist = () => filesOf(join(installed(), 'dist'));

  it('has of the modules those that its doors reach', () => {
    const reached = new Set<string>();
    const reach = (module: string): void => {
      if (reached.has(module)) return;
      reached.add(module);
      for (const path of importsOf(join(source, 'src', `${module}.ts`))) {
        if (path.startsWith('.'))
          reach(posix.join(posix.dirname(module), path.replace(/\.js$/, '')));
      }
    };
    for (const [, module] of exportsOf(manifest))
      reach(posix.normalize(module).replace(/^dist\/|\.js$/g, ''));
    expect(inDist()).toEqual(
      [...reached].flatMap((module) => [`${module}.d.ts`, `${module}.js`]).sort(),
    );
  });

  it('has beside them what says what it is, and what the command needs', () => {
    const data = ['checkpoints/base', 'checkpoints/plain', 'checkpoints/pages', 'recipes'].flatMap(
      (name) => filesOf(join(root, name)).map((file) => posix.join(name, file)),
    );
    const prompts = roleNames.map((role) => `prompts/${role}.yaml`);
    const trainer = filesOf(join(root, 'trainers/hf'))
      .filter((file) => !/^test_|__pycache__/.test(file))
      .map((file) => `trainers/hf/${file}`);
    const pages = filesOf(join(root, 'packages/web/build')).map((file) => `web/${file}`);
    expect(pages).toContain('web/app/index.html');
    const command = filesOf(join(root, 'packages/glore/command')).map((file) => `command/${file}`);
    expect(command).toContain('command/LICENSES.md');
    expect(filesOf(installed()).filter((file) => !file.startsWith('dist/'))).toEqual(
      [
        ...['LICENSE', 'README.md', 'package.json'],
        ...(manifest.bin
          ? ['bin/glore.js', ...command, ...data, ...prompts, ...trainer, ...pages]
          : []),
      ].sort(),
    );
  });

  it('imports what it depends on and no more', () => {
    const imported = filesOf(installed())
      .filter((file) => /^(command|dist)\/.+\.[jt]s$/.test(file))
      .flatMap((file) => importsOf(join(installed(), file)))
      .filter((path) => !/^(\.|node:)/.test(path))
      .map((path) => /^(@[^/]+\/)?[^/]+/.exec(path)![0]);
    expect([...new Set(imported)].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it('has types for every door, wherever ES modules are resolved', async () => {
    const tarball = new Uint8Array(readFileSync(tarballs[names.indexOf(name)]!));
    const analysis = await checkPackage(createPackageFromTarballData(tarball));
    const problems = analysis.types && 'problems' in analysis ? analysis.problems : undefined;
    // It is for ES modules only: not for Node 10's resolution, and CommonJS must `import()` it.
    expect(problems).toEqual(
      exportsOf(manifest).flatMap(([entrypoint]) => [
        { kind: 'NoResolution', entrypoint, resolutionKind: 'node10' },
        { kind: 'CJSResolvesToESM', entrypoint, resolutionKind: 'node16-cjs' },
      ]),
    );
  });
});

it('has one ONNX Runtime, though the command has the engine in it and so depends on it too', () => {
  const [engine, glore] = names.map((name) => manifestOf(name).dependencies['onnxruntime-node']);
  expect(glore).toBe(engine);
});

/** The modules that a file imports or takes types from. */
function importsOf(path: string): string[] {
  const statements = /(?:^(?:import|export|\})[^'"\n]* from |^import |\bimport\()(['"])(.+?)\1/gm;
  return [...readFileSync(path, 'utf8').matchAll(statements)].map(([, , name]) => name!);
}

/** The doors that have types, which are those to import. */
const doors = names.flatMap((name) =>
  Object.entries(manifestOf(name).exports)
    .filter(([, door]) => typeof door !== 'string')
    .map(([path]) => posix.join(name, path)),
);

it('opens every door', async () => {
  const imports = doors.map((door) => `Object.keys(await import('${door}')).length > 0`);
  const script = `console.log(JSON.stringify([${imports.join(', ')}]))`;
  const opened = await inProject(process.execPath, '--input-type=module', '-e', script);
  expect(JSON.parse(opened)).toEqual(doors.map(() => true));
});

it('has types that strict users can do with, as the examples do', async () => {
  const all = doors.map((door, i) => `export * as door${i} from '${door}';\n`).join('');
  mkdirSync(join(project, 'src'));
  writeFileSync(join(project, 'src/doors.ts'), all);
  const examples = join(root, 'examples');
  for (const name of readdirSync(examples).filter((file) => file.endsWith('.ts'))) {
    cpSync(join(examples, name), join(project, 'src', name));
  }
  const compilerOptions = { strict: true, module: 'nodenext', types: ['node'], noEmit: true };
  writeJson('tsconfig.json', { compilerOptions, include: ['src'] });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const said = await inProject(process.execPath, tsc, '-p', '.').catch(
    (error: { readonly stdout: string }) => error.stdout,
  );
  expect(said).toBe('');
});

describe('the command', () => {
  it('knows its version and helps', async () => {
    const version = await inProject('npx', '--offline', 'glore', '--version');
    expect(version).toBe(`${manifestOf('glore').version}\n`);
    expect(await glore('run', '--help')).toContain('Usage: glore run [options] <recipe>\n');
  });

  it.each(['tiny', 'tiny.yaml', 'recipes/tiny.yaml', './recipes/tiny.yml'])(
    'finds the recipe that came with it as %s',
    async (name) => {
      expect(await glore('doctor', name)).toMatch(/^every role runs in this process/);
    },
  );

  it('takes a recipe of the project before one that came with it, but no folder', async () => {
    mkdirSync(join(project, 'recipes/tiny'), { recursive: true });
    expect(await glore('doctor', 'recipes/tiny')).toMatch(/^every role runs in this process/);
    writeFileSync(join(project, 'recipes/tiny.yaml'), 'seed: none\n');
    await expect(glore('doctor', 'recipes/tiny.yaml')).rejects.toThrow(
      'error: recipes/tiny.yaml:1: seed: expected a number, found "none" (recipe)',
    );
    rmSync(join(project, 'recipes'), { recursive: true });
  });

  const recipes = filesOf(join(root, 'recipes'))
    .map((file) => file.replace(/\.yaml$/, ''))
    .join(', ');
  it.each(['tinny', 'other/tiny.yaml', 'recipes/tiny.json'])(
    'lists those that came with it for %s',
    async (name) => {
      await expect(glore('run', name)).rejects.toThrow(
        `error: ${name}: expected a recipe file, or the name of one that came with glore (${recipes}), found neither (recipe)`,
      );
    },
  );

  it('writes the page of a study that came with it beside its runs', async () => {
    const page = join('runs', 'paper', 'results.md');
    expect(await glore('study', 'paper', '--page-only')).toBe(`${page}\n`);
    expect(existsSync(join(project, page))).toBe(true);
  });

  it('grades', async () => {
    writeFileSync(
      join(project, 'answers.jsonl'),
      '{"g": "1", "a": "#### 1"}\n{"g": "2", "a": "#### 1"}\n',
    );
    const graded = await glore('grade', 'answers.jsonl', '--gold', 'g', '--answer', 'a', '--json');
    expect(JSON.parse(graded)).toMatchObject({ answers: 2, right: 1, wrong: 1 });
  });

  it('runs a recipe from the base that came with it, and answers with its models', async () => {
    writeRecipe(
      project,
      'small',
      [base, 'node_modules/glore/checkpoints/base'],
      ['dev: 24', 'dev: 8'],
      ['test: 66', 'test: 12'],
      ['epochs: 4, batch: 8, rate: 1.0e-3, doubt: 0.25', 'epochs: 1, batch: 8, rate: 1.0e-3'],
      ['samples: 8', 'samples: 3'],
    );
    const report = await glore('run', 'small.yaml', '--json');
    expect(JSON.parse(report)).toMatchObject({ problems: 12, seeds: [3] });
    const question = 'Mia has 37 stamps. She buys 15 more. How many stamps does she have?';
    const { candidates, location } = JSON.parse(
      await glore('ask', question, '--run', 'runs/small', '--json'),
    ) as Decision;
    expect(candidates.map(({ source }) => source)).toEqual(
      location === -1 ? ['draft', 'global'] : ['draft', 'global', 'local'],
    );
  });
});
