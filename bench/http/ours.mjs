/**
 * Rollouts by glore's client: `node ours.mjs <url> <rollouts> <in flight> <model> <tokens> <warm>` prints what they took as
 * JSON.
 */
import { complete } from '../../packages/glore/dist/model/openai/answers.js';
import { Endpoint } from '../../packages/glore/dist/model/openai/index.js';

const [url, model] = [process.argv[2], process.argv[5]];
const [rollouts, parallel, , maxTokens, warm] = process.argv.slice(3).map(Number);
const endpoint = new Endpoint({ name: 'bench', url, parallel });
const prompt = { text: `${'Fay has 37 apples and gains 148. '.repeat(8)}How many has she?\n` };
const ask = async (seed) => {
  const { choices } = await complete(endpoint, {
    model,
    prompt,
    temperature: 0.8,
    maxTokens,
    seed,
  });
  return choices[0];
};

for (let seed = 0; seed < warm; seed++) await ask(seed);
const cpuBefore = process.cpuUsage();
const began = performance.now();
let next = 0;
let done = 0;
let tokens = 0;
let characters = 0;
/** Resident memory after each tenth of the rollouts. */
const memory = [];
/** Each asks for the next rollout that nobody has asked for; nothing of a rollout is kept but how long it is. */
const worker = async () => {
  while (next < rollouts) {
    const answer = await ask(next++);
    tokens += answer.tokens;
    characters += answer.text.length;
    if (++done >= ((memory.length + 1) * rollouts) / 10) {
      memory.push(process.memoryUsage.rss() / 2 ** 20);
    }
  }
};
await Promise.all(Array.from({ length: parallel }, worker));
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
await endpoint.close();
process.stdout.write(
  `${JSON.stringify({
    rollouts,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    tokens,
    characters,
    memory,
  })}\n`,
);
