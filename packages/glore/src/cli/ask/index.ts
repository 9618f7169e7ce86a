/** `glore ask`: questions' way through the algorithm, with the models of a finished run. */
import { Command, Option } from 'commander';
import { readRun } from '../../pipeline/index.js';
import { jsonReporter, terminalReporter } from '../../run/index.js';
import { type AnswerBudget, upstreamDefaults } from '../../upstream/index.js';
import { visible } from '../../visible.js';
import { exampleQuestion } from '../example.js';
import { interruptible } from '../interrupt.js';
import { share, wholeNumber } from '../options.js';
import {
  checkUpstream,
  modes,
  type UpstreamFlags,
  upstreamOf,
  upstreamOptions,
} from '../upstream.js';
import { askFile, type FileOptions } from './file.js';
import { type Asking, withRun, withUpstream } from './models.js';
import { askInTurn, goOn, greet } from './prompt.js';
import { answering, type QuestionOptions, readQuestion } from './question.js';

interface Options extends UpstreamFlags, QuestionOptions, Omit<FileOptions, 'file'> {
  readonly samples?: number;
  readonly budget?: AnswerBudget;
  readonly file?: string;
}

/** Options that say nothing without `--file`. */
const ofFiles = ['questionField', 'goldField', 'out', 'trace'];

export function askCommand(): Command {
  const command = new Command('ask');
  return upstreamOptions(command)
    .description('refine questions and show when, where, how and the choice')
    .argument(
      '[question]',
      'the question, or - to read it from standard input; without one, a terminal asks for them',
    )
    .option('--run <folder>', 'folder of a finished run', 'runs/tiny')
    .addOption(
      new Option(
        '--mode <mode>',
        'refine every draft, only what the ORM doubts, or let samples vote (default: rerank; over a server vote)',
      ).choices(modes),
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
      checkUpstream(command, options);
      const { upstream } = options;
      if (upstream !== undefined && command.getOptionValueSource('run') === 'cli') {
        command.error("error: give '--run <folder>' or '--upstream <url>', not both");
      }
      const mode = options.mode ?? (upstream === undefined ? 'rerank' : upstreamDefaults.mode);
      if (mode === 'vote' && options.rounds > 1) {
        command.error("error: option '--rounds <n>' is for refinement; add --mode rerank or gate");
      }
      const server = upstream === undefined ? undefined : upstreamOf(upstream, options);
      if (options.file !== undefined) {
        if (argument !== undefined) {
          command.error("error: give a question or '--file <file>', not both");
        }
        const { file, json } = options;
        const reporter = (json ? jsonReporter : terminalReporter)(process.stderr);
        return interruptible(
          (signal) => askFile({ ...options, file, server }, options, reporter, signal),
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
      const work = async (asking: Asking, what: () => Promise<void>) => {
        const answer = answering(asking, options);
        if (question !== undefined) return answer(question);
        await what();
        return askInTurn(process.stdin, process.stderr, (line) => answer(line).catch(goOn));
      };
      if (server) {
        const onWait = (note: string) => process.stderr.write(`${visible(note)}\n`);
        return withUpstream({ ...server, onWait }, options, (asking) =>
          work(asking, async () => {
            process.stderr.write(
              `Questions to the server at ${visible(server.url)}. An empty line ends.\n`,
            );
          }),
        );
      }
      // One question keeps one thread busy.
      return withRun(await readRun(options.run), { workers: 1 }, options, (asking) =>
        work(asking, () => greet(options.run)),
      );
    });
}

const examples = `
Examples:
  glore ask "${exampleQuestion}"
  glore ask --upstream http://localhost:8000/v1 "${exampleQuestion}"
  glore ask --upstream http://localhost:8000/v1 --mode rerank --file questions.jsonl --out answers.jsonl
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
