/**
 * Step-level beam search, a control of refinement that spends the critics as well: the student samples lines, the SORM values
 * what they make, the best of them go on, and the ORM chooses of what is left in the end.
 */
import { distinct, type Solution } from '../codec/index.js';
import type { Roles } from '../model/index.js';
import type { Problem } from '../problem/index.js';
import { finalScore } from '../refine/index.js';
import { isRight, seedOf } from '../rollout/index.js';
import type { BeamOutcome } from './records.js';
import { sum } from './statistics.js';
import { bestOf } from './vote.js';

export interface BeamOptions {
  /** Solutions that go on, and lines sampled after each of them. */
  readonly beams: number;
  readonly width: number;
  readonly temperature: number;
  readonly seed: string;
  /** Most lines of a solution; what has no answer then has none. */
  readonly lines: number;
}

interface Beam extends Solution {
  readonly ended: boolean;
  /** The SORM's value of the last line. */
  readonly value: number;
  /** Tokens of its lines and of their tags. */
  readonly length: number;
}

/** One problem's search. */
interface Search {
  readonly problem: Problem;
  beams: readonly Beam[];
  tokens: number;
  read: number;
}

export async function beamSearch(
  { student, sorm, orm }: Pick<Roles, 'student' | 'sorm' | 'orm'>,
  problems: readonly Problem[],
  { beams, width, temperature, seed, lines }: BeamOptions,
): Promise<BeamOutcome[]> {
  const start: Beam = { steps: [], answer: null, ended: false, value: 1, length: 0 };
  const searches = problems.map(
    (problem): Search => ({ problem, beams: [start], tokens: 0, read: 0 }),
  );
  for (let line = 1; line <= lines; line++) {
    const open = searches.flatMap((search) =>
      search.beams.flatMap((beam, place) => (beam.ended ? [] : [{ search, beam, place }])),
    );
    if (open.length === 0) break;
    // The first line is sampled as often as all later ones together.
    const count = line === 1 ? beams * width : width;
    const written = await student.nextLines(
      open.map(({ search: { problem }, beam: { steps }, place }) => ({
        question: problem.question,
        steps,
        seeds: Array.from({ length: count }, (_, k) => seedOf(seed, problem.id, line, place, k)),
      })),
      temperature,
    );
    const grown = open.flatMap(({ search, beam }, i) =>
      written[i]!.map(({ steps, answer, tokens }) => {
        search.tokens += tokens;
        return {
          search,
          steps: [...beam.steps, ...steps],
          answer,
          // What stood before the line has been read already.
          read: tokens + 1,
          length: beam.length + tokens + 1,
          // Neither a step nor an answer: it was cut off, or said nothing.
          ended: answer !== null || steps.length === 0,
        };
      }),
    );
    const values = await sorm.values(
      grown.map(({ search, ...solution }) => ({ question: search.problem.question, solution })),
    );
    // Those that have ended before stay in the race.
    const next = new Map(
      open.map(({ search }) => [search, search.beams.filter((beam) => beam.ended)]),
    );
    grown.forEach(({ search, read, ...solution }, i) => {
      search.read += read;
      const value = solution.ended && solution.answer === null ? 0 : values[i]!.at(-1)!;
      next.get(search)!.push({ ...solution, value });
    });
    for (const [search, found] of next) {
      search.beams = distinct(found)
        .sort((a, b) => b.value - a.value)
        .slice(0, beams);
    }
  }
  return chosen(searches, orm);
}

/** The ORM's choice of each search's last beams. */
async function chosen(searches: readonly Search[], orm: Roles['orm']): Promise<BeamOutcome[]> {
  const items = searches.flatMap((search) =>
    search.beams.map((solution) => ({ search, question: search.problem.question, solution })),
  );
  const values = await orm.values(items);
  return searches.map((search) => {
    const mine = items.flatMap((item, i) =>
      item.search === search
        ? [{ solution: item.solution, score: finalScore(item.solution, values[i]!) }]
        : [],
    );
    const { answer } = mine[bestOf(mine.map(({ score }) => score))]!.solution;
    const { problem, tokens, beams } = search;
    const read = search.read + sum(beams.map(({ length }) => length));
    return { answer, right: isRight(problem, answer), tokens, read };
  });
}
