/** Refines three questions with the models of a finished run: node examples/dist/refine.js runs/tiny */
import { chosen, openRun, refine } from 'glore';
import { difficulty, generateProblems } from 'glore/problems';

const [folder = 'runs/tiny'] = process.argv.slice(2);
const problems = generateProblems({ split: 'test', count: 3, seed: 7, settings: difficulty(0.5) });
const run = await openRun(folder);
try {
  const questions = problems.map(({ question }) => question);
  const decisions = await refine(questions, run.roles, run.options);
  for (const [i, decision] of decisions.entries()) {
    const { source, solution, score } = chosen(decision);
    console.log(questions[i]);
    console.log(
      `  ${solution.answer} by ${source}, ORM ${score.toFixed(2)}; first error at`,
      decision.location,
    );
  }
} finally {
  await run.close();
}
