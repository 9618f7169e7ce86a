/** `glore ask`: questions' way through the algorithm, with the models of a finished run. */
import { text } from 'node:stream/consumers';
import { EngineError } from '@glore/engine';
import { Command, Option } from 'commander';
import { GloreError } from '../../error.js';
import type { Problem } from '../../problem/index.js';
import { jsonReporter, readJsonl, terminalReporter } from '../../run/index.js';
import { exampleQuestion } from '../example.js';
import { messageOf } from '../failure.js';
import { interruptible } from '../interrupt.js';
import { wrap } from '../layout.js';
import { share, wholeNumber } from '../options.js';
import { screenOf } from '../terminal.js';
import { renderRounds } from './decision.js';
import { askFile, type FileOptions } from './file.js';
import { type Asking, toJson, type Wanted, withRun } from './models.js';
import { askInTurn } from './prompt.js';
import { problemsOf, unfamiliarTo } from './unfamiliar.js';

interface Options extends Wanted, Omit<FileOptions, 'file'> {
  readonly file?: string;
  readonly json?: true;
}

/** Options that say nothing without `--file`. */
const ofFiles = ['questionField', 'goldField', 'out', 'trace'];

export function askCommand(): Command {
  const command = new Command('ask');
  return command
    .description('refine questions and show when, where, how and the choice')
    .argument(
      '[question]',
      'the question, or - to read it from standard input; without one, a terminal asks for them',
    )
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
    .option('--rounds <n>', 'refine what was chosen again, n rounds in all', wholeNumber(1), 1)
    .option('--json', 'decisions as JSON, of more rounds a list; with --file progress as JSON')
    .option('--file <file>', 'questions from a JSON Lines file, or - for standard input')
    .option('--question-field <name>', 'with --file: the field of the question', 'question')
    .option(
      '--gold-field <name>',
      'with --file: the field of the gold answer (default: "answer" where it holds a number)',
    )
    .option('--out <file>', 'with --file: where the rows go (default: standard output)')
    .option('--trace', 'with --file: rows with the whole decision too')
    .addHelpText('after', examples)
    .action(async (argument: string | undefined, options: Options) => {
      if (options.tau !== undefined && options.mode !== 'gate') {
        command.error("error: option '--tau <x>' is for the gate; add --mode gate");
      }
      if (options.file !== undefined) {
        if (argument !== undefined) {
          command.error("error: give a question or '--file <file>', not both");
        }
        const { file, json } = options;
        const reporter = (json ? jsonReporter : terminalReporter)(process.stderr);
        return interruptible(
          (signal) => askFile({ ...options, file }, options, reporter, signal),
          'what is written so far stands',
        );
      }
      const odd = command.options.find(
        (option) =>
          ofFiles.includes(option.attributeName()) &&
          command.getOptionValueSource(option.attributeName()) === 'cli',
      );
      if (odd) {
        command.error(`error: option '${odd.flags}' is for questions of a file; add --file <file>`);
      }
      if (argument === undefined && !process.stdin.isTTY) {
        command.error(
          "error: expected a question in quotes, - to read one from standard input, or '--file <file>'",
        );
      }
      const question = argument === undefined ? undefined : await readQuestion(argument);
      // One question keeps one thread busy.
      await withRun(options.run, 1, options, async (asking) => {
        const answer = answering(asking, options);
        if (question !== undefined) return answer(question);
        process.stderr.write(await greeting(options.run));
        return askInTurn(process.stdin, process.stderr, (line) => answer(line).catch(goOn));
      });
    });
}

const examples = `
Examples:
  glore ask "${exampleQuestion}"
  glore ask --run runs/tiny                      asks for questions, on a terminal
  glore ask --mode gate --tau 0.9                refines only what the ORM values below 0.9
  glore ask --mode gate --rounds 4               and again, until the ORM is content
  glore ask --choice both
  head -1 runs/tiny/problems/test.jsonl | jq -r .question | glore ask - --json
  glore ask --file runs/tiny/problems/test.jsonl --out answers.jsonl
  head -50 runs/tiny/problems/test.jsonl | glore ask --file - --mode gate

Of the draft, ! is the first error; of what was refined, + are the lines that the draft does not have.
--file gives each row back with what was added: "glore": {answer, right, source, location, score, tokens} and with --trace
decision; \`right\` where the row has a gold answer, \`tokens\` is all that was generated for the question.`;

/** What can be asked, before the first question is. */
async function greeting(folder: string): Promise<string> {
  const [first] = await readJsonl<Problem>(problemsOf(folder));
  const { width, paint } = screenOf(process.stderr);
  const lines = [
    `Questions to the models of ${folder}, of the kind in ${problemsOf(folder)}. An empty line ends.`,
    `For example: ${first!.question}`,
  ];
  return lines.map((line) => `${paint.dim(wrap(line, width))}\n`).join('');
}

/** Answers one question on standard output. */
function answering(
  { run, settings, ask }: Asking,
  { run: folder, json, rounds }: Options,
): (question: string) => Promise<void> {
  const unfamiliar = unfamiliarTo(run.recipe);
  return async (question) => {
    const reason = unfamiliar(question);
    if (reason !== undefined) {
      const { yellow } = screenOf(process.stderr).paint;
      process.stderr.write(
        `${yellow('warning:')} the models have never seen ${reason}; they know questions like those in ${problemsOf(folder)}\n`,
      );
    }
    const [decisions] = await ask([question]).catch(explainLength);
    const output = json
      ? JSON.stringify(toJson(decisions!, rounds))
      : renderRounds(decisions!, settings, screenOf(process.stdout));
    process.stdout.write(`${output}\n`);
  };
}

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

/** What is wrong with one question is no reason to ask no further one. */
function goOn(error: unknown): void {
  if (!(error instanceof GloreError)) throw error;
  process.stderr.write(`${messageOf(error)}\n`);
}
