/** What K rollouts from each prefix of a solution cost in positions computed, against what cannot be spared. */
import { Model } from '@glore/engine';

const [PROMPT, STEP, STEPS, ROLLOUTS, PROBLEMS] = [70, 14, 5, 8, 4];

/**
 * Positions computed / needed: needed are each problem's prompt and solution once and every token of a rollout but its
 * last, which nothing reads; less than 1 where rollouts begin alike. `anew` is what computing each rollout's prefix again
 * would make of the ratio.
 */
export async function measureRollouts(checkpoint, text) {
  const model = await Model.open(checkpoint, { workers: 1 });
  const length = PROMPT + STEP * STEPS;
  const contexts = text.windows(PROBLEMS, length, 'test').map((tokens, row) => ({
    tokens,
    branches: Array.from({ length: (STEPS + 1) * ROLLOUTS }, (_, i) => ({
      length: PROMPT + STEP * Math.floor(i / ROLLOUTS),
      seed: row * 1000 + i,
    })),
  }));
  const { completions, prefilled, generated } = await model.generate({
    contexts,
    maxTokens: 60,
    temperature: 1,
    stop: [text.end],
  });
  await model.close();
  const sum = (list, of) => list.reduce((total, item) => total + of(item), 0);
  const own = sum(completions.flat(), ({ tokens }) => tokens.length - 1);
  const needed = PROBLEMS * length + own;
  const prefixes = sum(contexts, ({ branches }) => sum(branches, (branch) => branch.length));
  return {
    rollouts: completions.flat().length,
    needed,
    computed: prefilled + generated,
    ratio: (prefilled + generated) / needed,
    anew: (prefixes + own) / needed,
  };
}
