/** The problems of every split, from the built-in world or from files. */
import { allot, generateProblems } from '../../problem/index.js';
import type { Recipe } from '../../recipe/index.js';
import { type FileSet, readHeldOut } from '../../recipe/index.js';
import { writeJson, writeJsonl } from '../../run/index.js';
import { pathIn, type Run } from '../context.js';
import type { Work } from './shared.js';

export const problems: Work = async (run, { progress }) => {
  const { problems: set } = run.recipe;
  if (set.source === 'world') await fromWorld(run, set);
  else await fromFiles(run, set, (text) => progress.note(text));
  return {};
};

/** Training problems are fresh for each use, and no structure is in two splits. */
async function fromWorld(
  run: Run,
  { settings, dev, test }: Extract<Recipe['problems'], { source: 'world' }>,
): Promise<void> {
  const { seed, student, drafts, training } = run.recipe;
  const write = (name: string, split: 'train' | 'dev' | 'test', count: number, offset: number) =>
    writeJsonl(
      pathIn(run, 'problems', `${name}.jsonl`),
      generateProblems({ split, count, seed: seed * 1000 + offset, settings, prefix: name }),
    );
  await write('sft', 'train', student.sft.problems, 1);
  for (let round = 1; round <= student.expertIteration.rounds; round++) {
    await write(`ei-${round}`, 'train', student.expertIteration.problems, 10 + round);
  }
  await write('train', 'train', drafts.problems, 2);
  await write('candidates', 'train', training.orm.candidates, 4);
  await write('dev', 'dev', dev, 3);
  await write('test', 'test', test, 4);
}

/** What was wanted and is not there is said, and so is what is used twice. */
async function fromFiles(run: Run, set: FileSet, note: (text: string) => void): Promise<void> {
  const { seed, student, drafts, training, models } = run.recipe;
  const { train, dev, test, dropped } = readHeldOut(set);
  const { rounds, problems: perRound } = student.expertIteration;
  const allotted = allot(
    train,
    {
      train: drafts.problems,
      candidates: training.orm.candidates,
      sft: student.sft.problems,
      // A served student has no rounds.
      rounds: models?.student ? [] : Array<number>(rounds).fill(perRound),
    },
    seed,
  );
  const held = [
    { name: 'dev', problems: dev, wanted: set.dev, shared: 0 },
    { name: 'test', problems: test, wanted: set.test ?? test.length, shared: 0 },
  ];
  note(
    `${train.length} problems to train on; left out: ${dropped.repeated} asked earlier in their file, ${dropped.heldOut} asked in dev or test as well`,
  );
  for (const { name, problems, wanted, shared } of [...allotted, ...held]) {
    await writeJsonl(pathIn(run, 'problems', `${name}.jsonl`), problems);
    const kind = name === 'sft' ? 'problems with a worked solution' : 'problems';
    const lack = problems.length < wanted ? `: no more ${kind} are left` : '';
    const twice = shared > 0 ? `; ${shared} of them are those of the drafts` : '';
    if (lack || twice) note(`${name}: ${problems.length} of ${wanted} problems${lack}${twice}`);
  }
  await writeJson(pathIn(run, 'problems', 'summary.json'), {
    train: train.length,
    dropped,
    sets: Object.fromEntries(
      [...allotted, ...held].map(({ name, problems, wanted, shared }) => [
        name,
        { problems: problems.length, wanted, shared },
      ]),
    ),
  });
}
