/** Labels that a first SORM doubts, and what is left to learn from without them. */
import { join } from 'node:path';
import type { Checkpoint } from '@glore/engine';
import { doubtedLabels, type RewardRecord, withLabels } from '../../dataset/index.js';
import { prefixTruth } from '../../evaluate/index.js';
import { openEmbedded, RewardModel } from '../../model/index.js';
import { type StageContext, writeJson } from '../../run/index.js';
import { type Run, readProblems } from '../context.js';

/** The records without the labels that a SORM doubts; what it doubts is counted in `doubted.json`. */
export async function undoubted(
  run: Run,
  context: StageContext,
  checkpoint: Checkpoint,
  records: readonly RewardRecord[],
  doubt: number,
): Promise<{ left: RewardRecord[]; scoredTokens: number }> {
  const { workers, provider } = run.recipe;
  const model = await openEmbedded(checkpoint, workers, provider);
  try {
    const critic = new RewardModel(model.critic(run.codec));
    const values = await critic.values(
      records.map((record) => ({ question: record.question, solution: record })),
    );
    const doubted = doubtedLabels(records, values, doubt);
    const summary = await doubtSummary(run, records, doubted);
    await writeJson(join(context.folder, 'doubted.json'), summary);
    context.progress.note(
      `${summary.doubted} of ${summary.positive} positive labels are doubted and left out` +
        (summary.wrongSteps === null
          ? ''
          : `; ${summary.wrongSteps} of the ${summary.doubtedSteps} that are of steps are wrong`),
    );
    const left = withLabels(
      records,
      doubted.map((row) => row.map((flag) => !flag)),
    );
    return { left, scoredTokens: critic.meter.scored };
  } finally {
    await model.close();
  }
}

interface DoubtSummary {
  readonly positive: number;
  readonly doubted: number;
  /** Those of steps, not of answer lines, whose outcome is known. */
  readonly doubtedSteps: number;
  /** Those of steps that are not as the truth has them; null if it is not known. */
  readonly wrongSteps: number | null;
}

async function doubtSummary(
  run: Run,
  records: readonly RewardRecord[],
  doubted: readonly (readonly boolean[])[],
): Promise<DoubtSummary> {
  const byId = new Map((await readProblems(run, 'train')).map((problem) => [problem.id, problem]));
  const ofSteps = records.flatMap(({ problem, steps }, row) => {
    const truth = prefixTruth(byId.get(problem)!, steps);
    return steps.flatMap((_, index) => (doubted[row]![index] ? [truth && truth[index]!] : []));
  });
  return {
    positive: records.reduce((sum, { labels }) => sum + labels.filter(Boolean).length, 0),
    doubted: doubted.flat().filter(Boolean).length,
    doubtedSteps: ofSteps.length,
    wrongSteps: ofSteps.includes(null) ? null : ofSteps.filter((truth) => !truth).length,
  };
}
