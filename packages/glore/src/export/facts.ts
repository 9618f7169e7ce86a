/** What the card says of a run: where its problems are from, what sampled them, and the settings that its data depends on. */
import { basename } from 'node:path';
import { fingerprint } from '@glore/engine';
import { type Run, readProblems } from '../pipeline/index.js';
import { bitsIn, contentsOf, identityOf, type Recipe } from '../recipe/index.js';

export async function factsOf(run: Run): Promise<Record<string, string>> {
  const { recipe, base, codec } = run;
  const { method, count, temperature } = recipe.rollouts;
  const served = recipe.models?.student;
  return {
    problems: sourceOf(recipe),
    codec: `\`${codec.hash}\``,
    seed: String(recipe.seed),
    // A run that stands on its own has its student for a base.
    ...(served
      ? { 'student (served under this name)': `\`${served.model}\`` }
      : { 'student (SHA-256 of its weights)': `\`${fingerprint(base)}\`` }),
    'samples of the student': samplesOf(recipe, (await readProblems(run, 'train')).length),
    'rollouts from a prefix (K)': `${method === 'adaptive' ? 'at most ' : ''}${count}, temperature ${temperature}`,
  };
}

export function samplesOf({ drafts }: Pick<Recipe, 'drafts'>, problems: number): string {
  const { samples, temperature, further } = drafts;
  const more = further
    ? `; where none is right up to ${further.most}, the further ones at temperature ${further.temperature} and used only if right`
    : '';
  return `${samples} for each of ${problems} problems, temperature ${temperature}${more}`;
}

/** Files by name and content: where they were is nobody's concern. */
function sourceOf({ problems }: Recipe): string {
  if (problems.source === 'world') return problems.source;
  const files = Object.values(problems.files).map(
    ({ file, sha256 }) => `${basename(file)} (SHA-256 \`${sha256}\`)`,
  );
  return `${problems.source}: ${files.join(', ')}`;
}

export const settingsOf = (recipe: Recipe) => ({
  seed: recipe.seed,
  ...bitsIn(recipe),
  problems: recipe.problems.source === 'world' ? recipe.problems : contentsOf(recipe.problems),
  maxTokens: recipe.maxTokens,
  student: identityOf(recipe.models, 'student') ?? recipe.student,
  drafts: recipe.drafts,
  rollouts: recipe.rollouts,
  labels: recipe.labels,
  localPairs: recipe.localPairs,
  pairing: recipe.pairing,
  ormBalance: recipe.training.orm.balance,
});
