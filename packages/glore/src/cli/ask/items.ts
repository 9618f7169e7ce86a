/** The questions of a JSON Lines file, and what makes a row one that cannot be answered. */
import { roleNames } from '../../model/index.js';
import { type Run, roomFor } from '../../pipeline/index.js';
import type { FileRow } from '../../problem/index.js';
import { readGold } from '../../reading/index.js';
import { checkFree } from '../out.js';
import { goldIn, readRows } from '../rows.js';

/** The field that gold answers are looked for in, if none is named. */
const GOLD = 'answer';

/** The names of the fields that are read. */
export interface Fields {
  readonly questionField: string;
  readonly goldField?: string;
}

/** One question of a file. */
export interface Item {
  readonly row: FileRow;
  readonly question: string;
  /** Undefined where the row has none. */
  readonly gold: string | undefined;
}

/** @throws GloreError naming file and line of the first row without a question, or without the gold answer asked for */
export const readItems = async (file: string, fields: Fields): Promise<Item[]> =>
  (await readRows(file)).map((row) => itemOf(row, fields));

function itemOf(row: FileRow, { questionField, goldField }: Fields): Item {
  const question = row.filledText(questionField);
  checkFree(row);
  const gold = goldField === undefined ? numberIn(row) : goldIn(row, goldField).value;
  return { row, question, gold };
}

/** What looks like a gold answer where none was named: a text of another kind may be anything. */
function numberIn(row: FileRow): string | undefined {
  const value = row.fields[GOLD];
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const gold = readGold(row.textOrNumber(GOLD));
  return gold?.form.kind === 'number' && !gold.doubt ? gold.value : undefined;
}

/** Refuses questions that leave no room for a draft, whatever it is. @throws GloreError `question-long` naming file and line */
export function checkRoom(run: Run, items: readonly Item[], questionField: string): void {
  // A draft and a tag at each of its lines have to fit behind the question.
  const room = roomFor(run, roleNames, 1.5);
  if (!room) return;
  for (const { row, question } of items) {
    const { length } = run.codec.prompt(question);
    if (length <= room.most) continue;
    throw row.error('question-long', {
      expected: `a question of at most ${room.most} tokens, to leave room for a draft in the ${room.positions} positions of the models`,
      found: `${length} in the field "${questionField}"`,
      cure: 'shorten it or remove the row',
    });
  }
}
