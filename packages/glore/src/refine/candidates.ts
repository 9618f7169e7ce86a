/** The algorithm without when and without the choice, so that it needs no ORM: what an ORM can learn to choose among. */
import type { Generated, Roles } from '../model/index.js';
import { locate } from './refine.js';

/**
 * The candidates of each question: the student's draft, its global refinement, and the local one where the SORM finds a
 * first error. All are greedy.
 * @param threshold a line is wrong where the SORM's value is below this
 */
export async function writeCandidates(
  questions: readonly string[],
  { student, sorm, global, local }: Pick<Roles, 'student' | 'sorm' | 'global' | 'local'>,
  threshold: number,
): Promise<Generated[][]> {
  const drafts = await student.draft(questions);
  const items = drafts.map((draft, i) => ({ question: questions[i]!, draft, candidates: [draft] }));
  const marked = (await locate(items, sorm, threshold)).filter(({ location }) => location > 0);
  for (const [i, refined] of (await global.refine(items)).entries()) {
    items[i]!.candidates.push(refined);
  }
  for (const [i, refined] of (await local.refine(marked)).entries()) {
    marked[i]!.candidates.push(refined);
  }
  return items.map(({ candidates }) => candidates);
}
