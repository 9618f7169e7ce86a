/** Grades a JSON Lines file of model answers: node examples/dist/grade.js answers.jsonl */
import { readFileSync } from 'node:fs';
import { judge } from 'glore/problems';

const [file = 'answers.jsonl'] = process.argv.slice(2);
const lines = readFileSync(file, 'utf8').trim().split('\n');

let right = 0;
for (const [index, line] of lines.entries()) {
  const { gold, completion } = JSON.parse(line) as { gold: string; completion: string };
  const judgement = judge({ gold, text: completion });
  if (judgement.right) right++;
  // A person might judge these otherwise.
  if (judgement.doubtful) console.log(`line ${index + 1}: ${judgement.reason}`);
}
console.log(`${right} of ${lines.length} right`);
