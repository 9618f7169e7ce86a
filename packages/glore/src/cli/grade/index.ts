/** `glore grade`: how many answers in a file of model answers are right, and which of them a person should look at. */
import { Command } from 'commander';
import type { FileRow } from '../../problem/index.js';
import { wholeNumber } from '../options.js';
import { checkFree, openOut, WRITTEN } from '../out.js';
import { readRows } from '../rows.js';
import { screenOf } from '../terminal.js';
import { answersIn, type Fields } from './answers.js';
import { gradesOf, type RowVerdict, verdictOf } from './figures.js';
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
      const graded = answersIn(rows, fieldsOf(command, options, samples));
      const verdicts = graded.map(verdictOf);
      if (options.out !== undefined) await write(options.out, file, rows, verdicts);
      const grades = gradesOf(file, graded, verdicts);
      const { limitDoubtful: most } = options;
      const harness = samples ? exactMatches(all) : {};
      const output = options.json
        ? JSON.stringify({
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

/** Rows written at a time. */
const chunk = 1_000;

async function write(
  out: string,
  file: string,
  rows: readonly FileRow[],
  verdicts: readonly RowVerdict[],
): Promise<void> {
  for (const row of rows) checkFree(row);
  const handle = await openOut(out, file);
  try {
    for (let from = 0; from < rows.length; from += chunk) {
      const lines = rows
        .slice(from, from + chunk)
        .map(
          ({ fields }, i) => `${JSON.stringify({ ...fields, [WRITTEN]: verdicts[from + i] })}\n`,
        );
      await handle.writeFile(lines.join(''));
    }
  } finally {
    await handle.close();
  }
}

const harnessLine = (matches: Readonly<Record<string, number>>): string[] => {
  const parts = Object.entries(matches).map(
    ([filter, rate]) => `${filter} ${(100 * rate).toFixed(1)}%`,
  );
  return parts.length > 0 ? [`exact_match by the harness: ${parts.join(', ')}`] : [];
};
