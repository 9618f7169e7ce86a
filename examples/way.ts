/** A custom way to answer, added to the table of a finished run: node examples/dist/way.js runs/tiny */
import { evaluationIn, standardWays, type Way } from 'glore/run';

/** Keeps the draft where its two refinements do not agree with each other, and takes their answer where they do. */
const agreement: Way = {
  name: 'agreement',
  meaning: 'what both refinements say, or the draft',
  group: 'choices',
  against: ['draft', 'rerank'],
  answer: ({ attempts: { draft }, refinements: { global, local } }) => ({
    right: global.answer !== null && global.answer === local.answer ? global.right : draft.right,
    tokens: draft.tokens + global.tokens + local.tokens,
    scored: draft.tokens,
  }),
};

const { rows, comparisons } = await evaluationIn(process.argv[2] ?? 'runs/tiny', {
  ways: [...standardWays, agreement],
});
for (const { name, accuracy } of rows) console.log(name, accuracy.toFixed(3));
for (const { a, b, difference, p } of comparisons)
  if (a === 'agreement') console.log(`${a} - ${b}`, difference.toFixed(3), `p = ${p.toFixed(3)}`);
