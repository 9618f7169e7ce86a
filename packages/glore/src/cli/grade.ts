/** `glore grade`: how many answers in a file of model answers are right, and which of them a person should look at. */
import { Command } from 'commander';
import { renderTable, wilson } from '../evaluate/index.js';
import type { FileRow } from '../problem/index.js';
import { type How, judge } from '../reading/index.js';
import { accuracyOf } from './accuracy.js';
import { renderWithin } from './layout.js';
import { wholeNumber } from './options.js';
import { readGold, readRows } from './rows.js';
import { screenOf } from './terminal.js';

/** The figures that `glore grade` prints; `--json` prints them as they are. */
export interface Grades {
  readonly file: string;
  readonly answers: number;
  readonly right: number;
  readonly wrong: number;
  /** Texts in which no answer was found: neither in `right` nor in `wrong`, but they count in `answers`. */
  readonly noAnswer: number;
  /** right / answers. */
  readonly accuracy: number;
  /** 95% Wilson interval of the accuracy. */
  readonly interval: { readonly low: number; readonly high: number };
  /** Answers by where they were found. */
  readonly how: Readonly<Record<How, number>>;
  readonly doubtful: readonly Doubtful[];
}

/** One answer that a person might judge otherwise. */
export interface Doubtful {
  readonly line: number;
  readonly right: boolean;
  readonly gold: string;
  readonly answer: string;
  readonly reason: string;
}

interface GradeOptions {
  gold: string;
  answer: string;
  json?: true;
  limitDoubtful: number;
}

/** The `grade` command; its action throws GloreError for a file that cannot be read or has bad lines. */
export function gradeCommand(): Command {
  const command = new Command('grade');
  return command
    .description('grade a JSON Lines file of model answers against gold answers')
    .argument(
      '<file>',
      'JSON Lines file with one model answer on each line, or - for standard input',
    )
    .requiredOption('--gold <field>', 'field with the gold answer: "72", 72 or "... #### 72"')
    .requiredOption('--answer <field>', "field with the model's text; null is no answer")
    .option('--json', 'print one JSON object')
    .option('--limit-doubtful <n>', 'show at most n doubtful answers', wholeNumber(0), 20)
    .addHelpText('after', examples)
    .action(async (file: string, options: GradeOptions) => {
      const grades = gradeRows(await readRows(file), file, options);
      const shown = { ...grades, doubtful: grades.doubtful.slice(0, options.limitDoubtful) };
      const output = options.json
        ? JSON.stringify({ ...shown, doubtfulCount: grades.doubtful.length })
        : renderGrades(shown, grades.doubtful.length);
      command.configureOutput().writeOut!(`${output}\n`);
    });
}

const examples = `
Examples:
  glore grade answers.jsonl --gold answer --answer completion
  glore grade answers.jsonl --gold answer --answer completion --json > grades.json
  generate | glore grade - --gold gold --answer text --limit-doubtful 5

Numbers are compared exactly: $1,000.00 is 1000, and 0.33 is not 1/3. Doubtful are answers that were guessed from the
last number of the text, answers marked more than once, and numbers that depend on their unit (50% against 50).`;

/** Grades each row; `gold` and `answer` name the fields. Throws GloreError for a row without them or without a gold answer. */
export function gradeRows(
  rows: readonly FileRow[],
  file: string,
  { gold: goldField, answer: answerField }: Pick<GradeOptions, 'gold' | 'answer'>,
): Grades {
  const how = { tag: 0, marker: 0, boxed: 0, phrase: 0, bare: 0, 'last-number': 0 };
  const doubtful: Doubtful[] = [];
  let right = 0;
  let noAnswer = 0;
  for (const row of rows) {
    const gold = readGold(row, goldField);
    const text = row.field(answerField) === null ? '' : row.textOrNumber(answerField);
    const judgement = judge({ gold, text });
    if (judgement.right) right++;
    if (!judgement.extracted) {
      noAnswer++;
      continue;
    }
    how[judgement.extracted.how]++;
    if (judgement.doubtful) {
      const answer = judgement.extracted.value;
      doubtful.push({
        line: row.line,
        right: judgement.right,
        gold,
        answer,
        reason: judgement.reason!,
      });
    }
  }
  const { low, high } = wilson(right, rows.length);
  return {
    file,
    answers: rows.length,
    right,
    wrong: rows.length - right - noAnswer,
    noAnswer,
    accuracy: right / rows.length,
    interval: { low, high },
    how,
    doubtful,
  };
}

function renderGrades(grades: Grades, doubtfulCount: number): string {
  const { answers, right, wrong, noAnswer } = grades;
  const counts: [string, number][] = [
    ['right', right],
    ['wrong', wrong],
    ['no answer found', noAnswer],
  ];
  const found = Object.entries(grades.how).filter(([, count]) => count > 0);
  const parts = [
    accuracyOf(right, answers),
    renderTable(['result', 'answers'], cells(counts)),
    renderTable(['answer found by', 'answers'], cells(found)),
  ];
  if (doubtfulCount > 0) {
    parts.push(`doubtful: ${doubtfulCount}, shown: ${grades.doubtful.length}`);
  }
  if (grades.doubtful.length > 0) {
    parts.push(
      renderWithin(screenOf(process.stdout), {
        headers: ['line', 'judged', 'gold', 'answer', 'why'],
        rows: grades.doubtful.map((doubt) => [
          String(doubt.line),
          doubt.right ? 'right' : 'wrong',
          doubt.gold,
          doubt.answer,
          doubt.reason,
        ]),
        align: ['right', 'left', 'left', 'left', 'left'],
      }),
    );
  }
  return parts.join('\n\n');
}

function cells(counts: [string, number][]): string[][] {
  return counts.map(([name, count]) => [name, String(count)]);
}
