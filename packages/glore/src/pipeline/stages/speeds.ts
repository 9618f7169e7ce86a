/** How fast the models of a run are on this machine. */
import type { Speeds } from '../../evaluate/index.js';
import type { Roles } from '../../model/index.js';
import type { Problem } from '../../problem/index.js';
import { total } from './work.js';

/** Tokens a second of drafting and of scoring with every worker busy, for the report's seconds. */
export async function measureSpeeds(
  { student, orm }: Pick<Roles, 'student' | 'orm'>,
  list: readonly Problem[],
  workers: number,
): Promise<Speeds> {
  const timed = async (work: () => Promise<unknown>, tokens: number) => {
    const start = performance.now();
    await Promise.all(Array.from({ length: workers }, work));
    return (1000 * tokens) / (performance.now() - start);
  };
  const questions = list.map(({ question }) => question);
  const solutions = await student.draft(questions);
  const items = solutions.map((solution, i) => ({ question: questions[i]!, solution }));
  const tokens = workers * total(solutions);
  return {
    generatedPerSecond: await timed(() => student.draft(questions), tokens),
    // In tokens of the solutions scored, as the report counts them; the question is read with each.
    scoredPerSecond: await timed(() => orm.values(items), tokens),
  };
}
