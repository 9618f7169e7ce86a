/** `glore doctor`: what the servers of a recipe can do, and whether that is enough. */
import { Command, Option } from 'commander';
import { examine, examineUrl, type Health, type RoleHealth, writeGolden } from '../doctor/index.js';
import { agrees, readGolden, shownCompared } from '../model/index.js';
import { readRecipe } from '../recipe/index.js';
import { visibleJson } from '../visible.js';
import { renderWithin, wrap } from './layout.js';
import { several } from './options.js';
import { findRecipe, runFolderOf } from './recipes.js';
import { type Screen, screenOf } from './terminal.js';

interface Options {
  readonly preset?: readonly string[];
  readonly url?: string;
  readonly model?: string;
  readonly api: 'completions' | 'chat';
  readonly key?: string;
  readonly golden?: string;
  readonly writeGolden?: string;
  readonly run?: string;
  readonly json?: true;
}

export function doctorCommand(): Command {
  const command = new Command('doctor');
  return command
    .description('test what the servers of a recipe, or one server, can do')
    .argument(
      '[recipe]',
      'recipe file (YAML) with endpoints and models, or the name of one that came with glore',
    )
    .option('--preset <name>', 'lay a preset of the recipe over it; may be repeated', several)
    .option('--url <url>', 'test one server instead: "http://localhost:8000/v1"')
    .option('--model <name>', 'with --url: the model (default: the first that the server lists)')
    .addOption(
      new Option('--api <api>', 'with --url: the way to ask it')
        .choices(['completions', 'chat'])
        .default('completions'),
    )
    .option('--key <variable>', 'with --url: the environment variable that holds the key')
    .option('--golden <file>', 'compare the models with golden records (JSON Lines)')
    .option('--write-golden <file>', "write golden values of the run's reward models and stop")
    .option('--run <folder>', 'run folder for --write-golden (default: as glore run has it)')
    .option('--json', 'print the findings as one JSON object')
    .addHelpText('after', examples)
    .action(async (given: string | undefined, options: Options) => {
      if ((given === undefined) === (options.url === undefined)) {
        command.error('error: expected a recipe or --url <url>, and not both');
      }
      const path = given === undefined ? undefined : findRecipe(given).path;
      if (options.writeGolden !== undefined) {
        if (path === undefined) command.error('error: --write-golden needs a recipe');
        await golden(path!, options, options.writeGolden);
        return;
      }
      const health =
        options.url !== undefined
          ? await examineUrl(options.url, options)
          : await examine(
              readRecipe(path!, options.preset),
              options.golden === undefined ? [] : await readGolden(options.golden),
            );
      const output = options.json
        ? visibleJson(health)
        : renderHealth(health, screenOf(process.stdout));
      process.stdout.write(`${output}\n`);
      if (!health.ok) process.exitCode = 1;
    });
}

const examples = `
Examples:
  glore doctor recipes/served.yaml
  glore doctor --url http://localhost:8000/v1 --model my-model --json
  glore doctor recipes/tiny.yaml --run runs/tiny --write-golden golden.jsonl
  glore doctor recipes/served.yaml --golden golden.jsonl

Each test is a request of a few tokens. Exit codes: 0 all that is needed is there, 1 something is missing.`;

async function golden(path: string, options: Options, file: string): Promise<void> {
  const run = options.run ?? runFolderOf(path, options.preset);
  const count = await writeGolden(run, readRecipe(path, options.preset), file);
  process.stdout.write(`${count} golden values of ${run} in ${file}\n`);
}

export function renderHealth({ ok, endpoints, roles, lack }: Health, screen: Screen): string {
  const parts: string[] = [];
  const say = (text: string) => parts.push(wrap(text, screen.width, '  '));
  if (endpoints.length === 0) say('every role runs in this process: no servers to test');
  for (const { name, url, models, why, error } of endpoints) {
    const unlisted = why ? `no list of models (${why})` : 'no list of models';
    const list = models === null ? unlisted : `models ${models.join(', ') || 'none'}`;
    say(`${name} (${url}): ${error ?? list}`);
  }
  if (roles.length > 0) {
    const tested = roles.filter(({ can }) => Object.keys(can).length > 0);
    if (tested.length > 0) parts.push(capabilityTable(tested, screen));
    const critics = tested.filter(({ role }) => role === 'orm' || role === 'sorm');
    if (critics.length > 0) parts.push(criticTable(critics, screen));
    for (const { role, reading } of roles) if (reading) say(`${role} is read as ${reading}`);
    for (const { role, golden } of roles)
      if (golden && 'texts' in golden) say(`${role}: ${shownCompared(golden)}`);
    for (const { role, error } of roles) if (error) say(`${role}: ${error}`);
    for (const { role, missing, why, tokenizer } of roles) {
      const lacks = missing.map((name) => (why[name] ? `${name} (${why[name]})` : name));
      if (missing.length > 0) say(`${role} needs what is missing: ${lacks.join(', ')}`);
      if (tokenizer === false) say(`${role}: the server has another tokenizer`);
    }
  }
  if (lack !== undefined) say(lack);
  if (endpoints.length > 0) parts.push(ok ? 'all that is needed is there' : 'something is missing');
  return parts.join('\n\n');
}

/** Capabilities by role; what a role needs is marked. */
function capabilityTable(roles: readonly RoleHealth[], screen: Screen): string {
  const names = Object.keys(roles[0]!.can) as (keyof RoleHealth['can'])[];
  return renderWithin(screen, {
    headers: ['', ...roles.map(({ role, model }) => (role === '-' ? model : `${role} (${model})`))],
    rows: [
      ...names.map((name) => [
        spoken(name),
        ...roles.map(({ can, needs, uses }) => {
          const found = can[name];
          const mark = needs.includes(name) ? ' needed' : uses.includes(name) ? ' used' : '';
          return (typeof found === 'number' ? String(found) : ability(found)) + mark;
        }),
      ]),
      ['tokenizer agrees', ...roles.map(({ tokenizer }) => known(tokenizer))],
    ],
    align: ['left', ...roles.map(() => 'left' as const)],
  });
}

function criticTable(roles: readonly RoleHealth[], screen: Screen): string {
  return renderWithin(screen, {
    headers: ['', 'labels cover', 'golden values', 'largest difference'],
    rows: roles.map(({ role, coverage, golden }) => [
      role,
      coverage === null ? '-' : `${(100 * coverage).toFixed(1)}%`,
      ...(golden === null || 'texts' in golden
        ? ['-', '-']
        : [
            String(golden.vectors),
            golden.difference.toFixed(4) + (agrees(golden) ? '' : '  too large'),
          ]),
    ]),
  });
}

const known = (value: boolean | null): string => (value === null ? '-' : value ? 'yes' : 'no');

const ability = (value: boolean | null | undefined): string =>
  value === null ? 'not said' : value ? 'yes' : 'no';

/** "tokenPrompts" as "token prompts". */
const spoken = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
