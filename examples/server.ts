/** The five roles on any OpenAI-compatible server: node examples/dist/server.js URL "question" [model that follows instructions] */
import { chosen, refine } from 'glore';
import { openServer } from 'glore/models';

const [url = 'http://localhost:8000/v1', question = 'What is 17 + 25?', one] =
  process.argv.slice(2);
// Without one model for all there are five that were trained, by the names of their roles.
const five = { student: 'student', orm: 'orm', sorm: 'sorm', global: 'global', local: 'local' };
const models = one ? { model: one } : { model: five, api: 'completions' as const };
const server = await openServer({ url, ...models, key: process.env.OPENAI_API_KEY });
try {
  const [decision] = await refine([question], server.roles, {
    mode: 'rerank',
    threshold: 0.5,
    tau: 0.5,
    observe: (event) => console.error(event.stage),
  });
  const { source, solution } = chosen(decision!);
  console.log(source, [...solution.steps, `#### ${solution.answer}`].join('\n'));
} finally {
  await server.close();
}
