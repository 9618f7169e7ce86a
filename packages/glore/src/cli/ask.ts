/** `glore ask`: one question's way through the algorithm, with the models of a finished run. */
import { text } from 'node:stream/consumers';
import { EngineError } from '@glore/engine';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Solution } from '../codec/index.js';
import { GloreError } from '../error.js';
import { renderTable } from '../evaluate/index.js';
import { inRoles, roleNames } from '../model/index.js';
import { readRun, withModels } from '../pipeline/index.js';
import {
  type Chooser,
  type Decision,
  REFINE_ALL,
  type RefineOptions,
  refine,
  refineInRounds,
} from '../refine/index.js';
import { seedOf } from '../rollout/index.js';

interface Options {
  readonly run: string;
  readonly mode: RefineOptions['mode'];
  readonly choice: Chooser;
  readonly threshold?: number;
  readonly tau?: number;
  readonly rounds: number;
  readonly json?: true;
}

export function askCommand(): Command {
  const command = new Command('ask');
  return command
    .description('refine one question and show when, where, how and the choice')
    .argument('<question>', 'the question, or - to read it from standard input')
    .option('--run <folder>', 'folder of a finished run', 'runs/tiny')
    .addOption(
      new Option('--mode <mode>', 'refine every draft, or only what the ORM doubts')
        .choices(['rerank', 'gate'])
        .default('rerank'),
    )
    .addOption(
      new Option('--choice <who>', 'who chooses: the ORM alone, or both critics')
        .choices(['orm', 'both'])
        .default('orm'),
    )
    .option(
      '--threshold <x>',
      'the first line that the SORM values below x is the first error (default: as fitted in the run)',
      share,
    )
    .option(
      '--tau <x>',
      'with --mode gate: refine if the ORM values the draft below x (default: as fitted in the run)',
      share,
    )
    .option('--rounds <n>', 'refine what was chosen again, n rounds in all', rounds, 1)
    .option('--json', 'print the decision as one JSON object; of more rounds, a list')
    .addHelpText('after', examples)
    .action(async (argument: string, options: Options) => {
      if (options.tau !== undefined && options.mode !== 'gate') {
        command.error("error: option '--tau <x>' is for the gate; add --mode gate");
      }
      const question = await readQuestion(argument);
      const { run, report } = await readRun(options.run);
      const { gate, locate } = report.thresholds;
      const settings: RefineOptions = {
        mode: options.mode,
        chooser: options.choice,
        threshold: options.threshold ?? locate.sorm,
        tau: options.tau ?? gate,
      };
      // One question keeps one thread busy.
      const alone = { ...run, recipe: { ...run.recipe, workers: 1 } };
      const { evaluation, seed } = alone.recipe;
      const [decisions] = await withModels(alone, roleNames, async (models) => {
        const inTheirRoles = inRoles(models, alone.codec, alone.recipe.maxTokens);
        const further = {
          chooser: options.choice,
          rounds: options.rounds,
          threshold: settings.threshold,
          // With the gate, what the ORM values enough is not refined again either.
          tau: settings.mode === 'gate' ? settings.tau : REFINE_ALL,
          temperature: evaluation.temperature,
          seed: (_: number, round: number) => seedOf(seed, question, 'round', round),
        };
        const first = await refine([question], inTheirRoles, settings);
        return refineInRounds([question], inTheirRoles, further, first);
      }).catch(explainLength);
      const output = options.json
        ? JSON.stringify(options.rounds > 1 ? decisions : decisions![0])
        : decisions!
            .map((decision, i) => {
              const round = i > 0 ? [`round ${i + 1}: what was chosen is refined again`] : [];
              return [...round, renderDecision(decision, settings)].join('\n\n');
            })
            .join('\n\n\n');
      process.stdout.write(`${output}\n`);
    });
}

const examples = `
Examples:
  glore ask "Mia has 37 stamps. She buys 15 more. How many stamps does she have?"
  glore ask "..." --run runs/tiny --mode gate --tau 0.9
  glore ask "..." --mode gate --rounds 4
  glore ask "..." --choice both
  echo "..." | glore ask - --json`;

async function readQuestion(argument: string): Promise<string> {
  const question = (argument === '-' ? await text(process.stdin) : argument).trim();
  if (question !== '') return question;
  throw new GloreError(
    'question-empty',
    'question: expected text, found none; give it in quotes, or - and the text on standard input',
  );
}

function explainLength(cause: unknown): never {
  if (!(cause instanceof EngineError && cause.code === 'length')) throw cause;
  throw new GloreError(
    'question-long',
    `question: expected one short enough to leave room for solutions, found that ${cause.message}; shorten it`,
    { cause },
  );
}

/** The decision as text: each line of the draft with its value, the candidates, the choice. */
export function renderDecision(decision: Decision, settings: RefineOptions): string {
  const { values, location, candidates, choice } = decision;
  const [draft, ...refined] = candidates;
  const parts = [renderDraft(draft!.solution, decision)];
  if (values.length === 0) {
    parts.push(
      `kept by the gate: the ORM values the draft at ${fixed(draft!.score)}, not below ${fixed(settings.tau)}`,
    );
  } else if (location === -1) {
    parts.push(
      `no first error: the SORM values no line below ${fixed(settings.threshold)}, so there is nothing to refine locally`,
    );
  } else {
    parts.push(
      `first error E = ${location}: the first line that the SORM values below ${fixed(settings.threshold)}`,
    );
  }
  for (const { source, solution } of refined) {
    const from = source === 'local' ? `, from line ${location} on` : '';
    parts.push(`${source}${from}\n${numbered(solution).join('\n')}`);
  }
  const both = candidates.some(({ least }) => least !== undefined);
  parts.push(
    renderTable(
      ['candidate', 'ORM', ...(both ? ['least SORM'] : []), 'tokens', 'answer'],
      candidates.map(({ source, score, least = 1, tokens, solution }, i) => [
        source,
        fixed(score),
        ...(both ? [fixed(least)] : []),
        String(tokens),
        (solution.answer ?? 'none') + (i === choice ? '  <- chosen' : ''),
      ]),
      { align: ['left', 'right', ...(both ? ['right' as const] : []), 'right', 'left'] },
    ),
  );
  return parts.join('\n\n');
}

/** The draft's lines; with the SORM's value of each where it was asked, and the first error marked. */
function renderDraft(draft: Solution, { values, location }: Decision): string {
  const lines = numbered(draft);
  if (values.length === 0) return ['draft', ...lines].join('\n');
  return renderTable(
    ['draft', 'SORM'],
    lines.map((line, i) => {
      const value = values[i];
      return [line, value === undefined ? '' : fixed(value) + (i + 1 === location ? '  <- E' : '')];
    }),
    { align: ['left', 'left'] },
  );
}

/** Lines numbered as locations count them: the steps, then the answer. */
function numbered({ steps, answer }: Solution): string[] {
  const lines = [...steps, ...(answer === null ? [] : [`#### ${answer}`])];
  return [
    ...lines.map((line, i) => `${i + 1}  ${line}`),
    ...(answer === null ? ['-  (stops without an answer)'] : []),
  ];
}

const fixed = (value: number): string => value.toFixed(3);

function rounds(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError(`expected a whole number from 1, found "${text}".`);
}

/** An option's value. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError(`expected a number from 0 to 1, found "${text}".`);
}
