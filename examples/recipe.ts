/** A recipe from code, run into a folder: node examples/dist/recipe.js checkpoints/base runs/mine */
import { difficulty } from 'glore/problems';
import { makeRecipe, runPipeline, terminalReporter } from 'glore/run';

const [base = 'checkpoints/base', folder = 'runs/mine'] = process.argv.slice(2);
const some = { epochs: 1, batch: 32, rate: 1e-3 };
const first = { rounds: 1, problems: 70, samples: 1, temperature: 1, ...some };
const recipe = makeRecipe({
  ...{ seed: 3, workers: 2, base, maxTokens: 100, localPairs: 2 },
  problems: { source: 'world', settings: difficulty(0), dev: 12, test: 24 },
  student: { sft: { problems: 32, ...some }, expertIteration: first },
  drafts: { problems: 140, samples: 3, temperature: 1 },
  rollouts: { samples: 40, count: 2, temperature: 1 },
  labels: { propagation: true, consistency: true, balance: true },
  training: {
    ...{ orm: { start: 'sorm', candidates: 24, ...some }, sorm: some },
    ...{ global: { plain: 0.25, ...some }, local: { plain: 0.25, ...some } },
  },
  evaluation: { samples: 4, temperature: 1 },
});
const report = await runPipeline({ folder, recipe, reporter: terminalReporter(process.stderr) });
for (const { name, accuracy } of report!.rows) console.log(name, accuracy.toFixed(3));
