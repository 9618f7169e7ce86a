/** Reads SVAMP: a JSON list of `ID`, `Body`, `Question`, `Answer` (a float) and `Type`. */
import { checkUnique, parseJsonList, readTextFile } from './rows.js';
import type { Problem } from './types.js';

/**
 * The problems of SVAMP.json (github.com/arkilpatel/SVAMP), without steps; `structure` is the type, its one misspelling
 * corrected.
 *
 * @throws GloreError naming the file and line of the first bad record.
 */
export function readSvamp(path: string): Problem[] {
  const rows = parseJsonList(readTextFile(path), path);
  const problems = rows.map((row) => ({
    id: row.filledText('ID'),
    question: joinQuestion(row.filledText('Body'), row.filledText('Question')),
    answer: row.number('Answer'),
    steps: [],
    structure: row.text('Type').replace('Common-Divison', 'Common-Division'),
  }));
  checkUnique(
    problems.map(({ id }) => id),
    rows,
  );
  return problems;
}

/**
 * Body and question as running text. Where the body's last sentence is an open condition ("If there are 692 girls"), the
 * question completes it; any other body without a final full stop gets one.
 */
function joinQuestion(body: string, question: string): string {
  if (/[.?!]$/.test(body)) return `${body} ${question}`;
  const isCondition = /(?:^|[.?!]\s+)If\b(?:[^.?!]|[.?!](?!\s))*$/.test(body);
  if (!isCondition) return `${body}. ${question}`;
  return `${body}, ${question.charAt(0).toLowerCase()}${question.slice(1)}`;
}
