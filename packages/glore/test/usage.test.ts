/** Help, wrong usage, wrong input: what is said, where, and the exit code. */
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { base, glore, start, temporaryFolder, writeRecipe } from './glore.js';

// Each starts a process; the machine need not be free.
vi.setConfig({ testTimeout: 300_000 });

let folder: string;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => rmSync(folder, { recursive: true }));

const commands = [
  ...[
    'run',
    'view',
    'report',
    'study',
    'ask',
    'serve',
    'eval',
    'export',
    'export-gguf',
    'doctor',
    'prompts',
    'grade',
  ],
  ...['problems', 'student', 'drafts', 'rollouts', 'labels', 'datasets'],
  ...['sorm', 'global', 'local', 'candidates', 'orm', 'evaluation', 'retrained', 'controls'],
  ...['import', 'base'],
];

describe('help', () => {
  it('lists the commands in the order of use, with examples', async () => {
    const { code, stdout, stderr } = await glore(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const listed = [...stdout.matchAll(/^ {2}(?!glore)([a-z][a-z-]*) /gm)].map(([, name]) => name);
    expect(listed).toEqual(commands);
    expect(stdout).toContain('\nExamples:\n  glore run recipes/tiny.yaml ');
  });

  it.each(commands)('has examples for %s', async (command) => {
    const { code, stdout } = await glore([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: glore ${command} [options]`);
    expect(stdout).toMatch(new RegExp(`\nExamples:\n  glore ${command}\\b`));
  });

  it('gives the version of the package', async () => {
    const manifest = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    expect(await glore(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it('is shown without a command, as an error', async () => {
    const { code, stdout, stderr } = await glore([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: glore [options] [command]');
  });
});

describe('wrong usage', () => {
  const usage: [string, string[], string][] = [
    ['an unknown command', ['rnu'], "error: unknown command 'rnu'\n(Did you mean run?)\n"],
    [
      'an unknown option',
      ['run', 'a.yaml', '--jsn'],
      "unknown option '--jsn'\n(Did you mean --json?",
    ],
    ['a missing argument', ['run'], "error: missing required argument 'recipe'\n"],
    ['one argument too many', ['ask', 'a', 'b'], 'error: too many arguments'],
    ['a mode that is none', ['ask', 'a', '--mode', 'x'], 'Allowed choices are vote, gate, rerank.'],
    [
      'a threshold that is none',
      ['ask', 'a', '--threshold', '2'],
      'expected a number from 0 to 1.',
    ],
    ['no round', ['ask', 'a', '--rounds', '0'], 'expected a whole number from 1.'],
    ['tau without the gate', ['ask', 'a', '--tau', '0.5'], 'is for the gate; add --mode gate'],
    [
      'no question where nobody can be asked for one',
      ['ask'],
      "error: expected a question in quotes, - to read one from standard input, or '--file <file>'\n",
    ],
    ['two sources of questions', ['ask', 'a', '--file', 'b'], "or '--file <file>', not both"],
    [
      'options of files without one',
      ['ask', 'a', '--gold-field', 'answer'],
      "option '--gold-field <name>' is for questions of a file; add --file <file>",
    ],
  ];
  it.each(usage)('refuses %s with a hint', async (_, args, message) => {
    const { code, stdout, stderr } = await glore(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/\(glore .*--help shows .*\)\n$/);
  });
});

describe('wrong input', () => {
  it('refuses a recipe before any work', async () => {
    const recipe = writeRecipe(folder, 'bad', ['count: 2', 'count: 0']);
    const run = join(folder, 'run');
    expect(await glore(['run', recipe, '--run', run])).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: `error: ${recipe}:21: rollouts.count: expected at least 1, found 0 (recipe)\n`,
    });
    expect(existsSync(run)).toBe(false);
  });

  it('refuses a damaged base before any work', async () => {
    const recipe = writeRecipe(folder, 'damaged', [`base: ${base}`, 'base: damaged']);
    const run = join(folder, 'run');
    cpSync(base, join(folder, 'damaged'), { recursive: true });
    truncateSync(join(folder, 'damaged/model.safetensors'), 100_000);
    const { code, stderr } = await glore(['run', recipe, '--run', run]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*model\.safetensors.*\n$/);
    expect(existsSync(run)).toBe(false);
  });

  it.each(['report', 'ask'])('%s wants a finished run', async (command) => {
    const args = [command, ...(command === 'ask' ? ['How many?'] : []), '--run'];
    const nowhere = join(folder, 'nowhere');
    const missing = await glore([...args, nowhere]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toBe(
      `error: ${nowhere}: expected the folder of a finished run, found no such folder; make one: glore run recipes/tiny.yaml --run ${nowhere} (run-missing)\n`,
    );
    writeFileSync(join(folder, 'recipe.json'), '{}');
    const unfinished = await glore([...args, folder]);
    expect(unfinished.code).toBe(2);
    expect(unfinished.stderr).toMatch(
      /^error: .* found one without report.json; .*\(run-unfinished\)\n$/,
    );
  });

  it.each([
    ['as an argument', ['ask', ' ']],
    ['on standard input', ['ask', '-']],
  ])('refuses an empty question %s', async (_, args) => {
    const { code, stderr } = await glore(args, '\n');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: question: expected text, found none; .*\(question-empty\)\n$/);
  });

  it('shows where an error comes from if asked to', async () => {
    const { stderr } = await glore(['report', '--run', folder], '', { DEBUG: 'other,glore' });
    expect(stderr).toMatch(/^error: .*\nGloreError: .*\n {4}at readReport /s);
  });
});

it('ends silently when nobody reads on', async () => {
  const { child, ended } = start(['--help']);
  child.stdout!.destroy();
  expect(await ended).toMatchObject({ code: 141, stderr: '' });
});
