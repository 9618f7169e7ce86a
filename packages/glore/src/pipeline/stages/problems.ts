/** The problems of every set, from the built-in world or from files. */
import { join } from 'node:path';
import { writeJson, writeJsonl } from '../../files/index.js';
import { allot, generateProblems, type Problem, type Wanted } from '../../problem/index.js';
import type { FileSet, Recipe } from '../../recipe/index.js';
import type { Run } from '../context.js';
import { problemsWithin, roomLeft } from '../room.js';
import { setsOf } from '../sets.js';
import { checkSolvable } from './enough.js';
import type { Work } from './work.js';

export const problems: Work = async (run, { folder, progress }) => {
  const { recipe } = run;
  const { problems: source } = recipe;
  const sets =
    source.source === 'world'
      ? await fromWorld(recipe, source, folder)
      : await fromFiles(run, source, folder, (text) => progress.note(text));
  checkSolvable(run, sets.flat());
  return {};
};

/** No structure is in two splits. */
async function fromWorld(
  recipe: Recipe,
  { settings }: Extract<Recipe['problems'], { source: 'world' }>,
  folder: string,
): Promise<readonly Problem[][]> {
  const sets: Problem[][] = [];
  for (const { name, split, count, offset } of setsOf(recipe)) {
    const seed = recipe.seed * 1000 + offset;
    const made = generateProblems({ split, count, seed, settings, prefix: name });
    await writeJsonl(join(folder, `${name}.jsonl`), made);
    sets.push(made);
  }
  return sets;
}

/** What was wanted and is not there is said, and so is what is used twice. */
async function fromFiles(
  run: Run,
  source: FileSet,
  folder: string,
  note: (text: string) => void,
): Promise<readonly (readonly Problem[])[]> {
  const { recipe } = run;
  const room = source.tooLong && roomLeft(run);
  const { train, dev, test, dropped, tooLong } = problemsWithin(run, source, room);
  const held = [
    { name: 'dev', problems: dev, wanted: source.dev, shared: 0 },
    { name: 'test', problems: test, wanted: source.test ?? test.length, shared: 0 },
  ];
  const found = [...allot(train, wantedOf(recipe), recipe.seed), ...held];
  note(
    `${train.length} problems to train on; left out: ${dropped.repeated} asked earlier in their file, ${dropped.heldOut} asked in dev or test as well${source.tooLong ? `, ${tooLong.length} too long to be read` : ''}`,
  );
  for (const { name, problems, wanted, shared } of found) {
    await writeJsonl(join(folder, `${name}.jsonl`), problems);
    const kind = name === 'sft' ? 'problems with a worked solution' : 'problems';
    const lack = problems.length < wanted ? `: no more ${kind} are left` : '';
    const twice = shared > 0 ? `; ${shared} of them are those of the drafts` : '';
    if (lack || twice) note(`${name}: ${problems.length} of ${wanted} problems${lack}${twice}`);
  }
  await writeJson(join(folder, 'summary.json'), {
    train: train.length,
    dropped: { ...dropped, ...(source.tooLong && { tooLong: tooLong.length }) },
    sets: Object.fromEntries(
      found.map(({ name, problems, wanted, shared }) => [
        name,
        { problems: problems.length, wanted, shared },
      ]),
    ),
  });
  return found.map(({ problems }) => problems);
}

/** How many training problems each use would have. */
function wantedOf(recipe: Recipe): Wanted {
  const counts = new Map(setsOf(recipe).map(({ name, count }) => [name, count]));
  const of = (name: string) => counts.get(name)!;
  const rounds = [...counts.keys()].filter((name) => name.startsWith('ei-')).map(of);
  return { train: of('train'), candidates: of('candidates'), sft: of('sft'), rounds };
}
