/** `glore grade`: how many answers in a file of model answers are right, and which of them a person should look at. */
import { Command } from 'commander';
import { replaceFile } from '../../files/index.js';
import type { FileRow } from '../../problem/index.js';
import { visible, visibleJson } from '../../visible.js';
import { wholeNumber } from '../options.js';
import { checkFree, checkOther, WRITTEN } from '../out.js';
import { readRows } from '../rows.js';
import { screenOf } from '../terminal.js';
import { type Fields, reader } from './answers.js';
import { type RowVerdict, Tally, verdictOf } from './figures.js';
import { renderGrades } from './render.js';
import { areSamples, eachDocument, exactMatches, SAMPLE_FIELDS } from './samples.js';

interface GradeOptions extends Partial<Fields> {
  readonly out?: string;
  readonly json?: true;
  readonly limitDoubtful: number;
}

/** The `grade` command; its action throws GloreError for a file that cannot be read or has bad lines. */
export function gradeCommand(): Command {
  const command = new Command('grade');
  return command
    .description('grade a JSON Lines file of model answers against gold answers')
    .argument(
      '<file>',
      'JSON Lines file with the answers to one question on each line, or - for standard input',
    )
    .option('--gold <field>', 'field with the gold answer: "72", 72 or "... #### 72"')
    .option(
      '--answer <field>',
      "field with the model's text, or a list of texts; null is no answer",
    )
    .option('--out <file>', 'write each row with its verdict in the field "glore"')
    .option('--json', 'print one JSON object')
    .option(
      '--limit-doubtful <n>',
      'show at most n doubtful answers and lines without one',
      wholeNumber(0),
      20,
    )
    .addHelpText('after', examples)
    .action(async (file: string, options: GradeOptions) => {
      const all = await readRows(file);
      const samples = areSamples(all);
      const rows = samples ? eachDocument(all) : all;
      const read = reader(fieldsOf(command, options, samples));
      const tally = new Tally();
      const grade = (row: FileRow): RowVerdict => {
        const answers = read(row);
        const verdict = verdictOf(answers);
        tally.add(answers, verdict);
        return verdict;
      };
      if (options.out === undefined) rows.forEach(grade);
      else {
        checkOther(options.out, file);
        await replaceFile(options.out, written(rows, grade));
      }
      const grades = tally.grades(file);
      const { limitDoubtful: most } = options;
      const harness = samples ? exactMatches(all) : {};
      const output = options.json
        ? visibleJson({
            ...grades,
            unanswered: grades.unanswered.slice(0, most),
            doubtful: grades.doubtful.slice(0, most),
            doubtfulCount: grades.doubtful.length,
            ...(samples && { exactMatch: harness }),
          })
        : [renderGrades(grades, screenOf(process.stdout), most), ...harnessLine(harness)].join(
            '\n\n',
          );
      command.configureOutput().writeOut!(`${output}\n`);
    });
}

const examples = `
Examples:
  glore grade answers.jsonl --gold answer --answer completion
  glore grade answers.jsonl --gold doc.answer --answer choices.0.text --out graded.jsonl
  glore grade samples_gsm8k.jsonl          as lm-evaluation-harness writes them: no fields to name
  generate | glore grade - --gold gold --answer text --limit-doubtful 5

Where the answer is a list of texts, pass@k and the most frequent answer are graded too. Reasoning in <think> and the like is
no answer, nor is what follows a problem that the model sets itself. Numbers are compared exactly: $1,000.00 is 1000, and
0.33 is not 1/3. Doubtful are answers that were guessed from the last number of the text, answers marked more than once or
taken back, numbers that depend on their unit (50% against 50), and what could not be read for certain.`;

/** The fields that are named, or those of the harness. */
function fieldsOf(command: Command, { gold, answer }: GradeOptions, samples: boolean): Fields {
  const named = {
    ...(samples && SAMPLE_FIELDS),
    ...(gold !== undefined && { gold }),
    ...(answer !== undefined && { answer }),
  };
  for (const option of ['gold', 'answer'] as const) {
    if (named[option] !== undefined) continue;
    command.error(`error: required option '--${option} <field>' not specified`, {
      code: 'commander.missingMandatoryOptionValue',
    });
  }
  return named as Fields;
}

/** The rows with their verdicts, as lines. */
function* written(
  rows: readonly FileRow[],
  grade: (row: FileRow) => RowVerdict,
): Generator<string> {
  for (const row of rows) {
    checkFree(row);
    yield `${JSON.stringify({ ...row.fields, [WRITTEN]: grade(row) })}\n`;
  }
}

const harnessLine = (matches: Readonly<Record<string, number>>): string[] => {
  const parts = Object.entries(matches).map(
    ([filter, rate]) => `${visible(filter)} ${(100 * rate).toFixed(1)}%`,
  );
  return parts.length > 0 ? [`exact_match by the harness: ${parts.join(', ')}`] : [];
};
