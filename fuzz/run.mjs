/**
 * Fuzzing: mutated and generated inputs for every reader, and requests for the HTTP routes, until an error has no name, a case
 * takes more than a second, memory grows, or what must hold does not. A case follows from its target, the seed and its number.
 * `npm run fuzz -- --help` shows the options.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { table } from '../bench/table.mjs';
import { escaped, Findings, rendered } from './findings.mjs';
import { fail, optionsOf } from './options.mjs';
import { endAll } from './process.mjs';
import { inputOf, nothing, oneCase, slice } from './slice.mjs';
import { targets } from './targets/index.mjs';

const options = optionsOf();
const { seed, chosen, json } = options;
const began = performance.now();
const say = (text) => {
  if (!json) process.stderr.write(text);
};
const findings = new Findings({ ...options, onFirst: (one) => say(`\n${rendered(one)}\n`) });
/** By target. */
const results = new Map(chosen.map(({ name }) => [name, nothing()]));

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stopping = true;
    endAll();
  });
}

/** Works on a target for a time or so many cases; gives the case to go on with. */
function worked(target, from, { seconds = 3600, cases = 1e9 }) {
  const result = results.get(target.name);
  const told = {
    ...{ result, findings, stopped: () => stopping },
    onCount: () => say(`\r${target.name} ${result.cases} cases \x1b[K`),
  };
  return slice(target, { seed, from, seconds, cases }, told);
}

/** In rounds, so that all have had their turn whenever it ends. */
async function forMinutes(minutes) {
  const rounds = Math.max(1, Math.round(minutes / 5));
  const next = new Map(chosen.map(({ name }) => [name, 0]));
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  for (let round = 0; round < rounds; round++) {
    for (const target of chosen) {
      if (stopping) return;
      const seconds = (60 * minutes * target.share) / shares / rounds;
      next.set(target.name, await worked(target, next.get(target.name), { seconds }));
    }
  }
}

/** The case of a file that was kept here. */
function keptCase(path) {
  try {
    const { target, seed, number } = JSON.parse(readFileSync(path, 'utf8'));
    if (targets.some(({ name }) => name === target)) {
      return { target, seed, from: number, replay: path };
    }
  } catch (error) {
    fail(`--replay: ${error.message}`);
  }
  return fail('--replay: expected a file that was kept here, found another');
}

async function alone({ target, ...what }) {
  const work = { target, seed, cases: 1, seconds: 60, ...what };
  const { input } = await inputOf(work);
  if (!json) console.log(`input   ${escaped(JSON.stringify(input ?? null), 4000)}`);
  const result = nothing();
  results.set(target, result);
  await oneCase(work, { result, findings });
  if (!json) console.log(`kinds   ${Object.keys(result.kinds).join(', ')}`);
}

const one =
  options.replay !== undefined
    ? keptCase(resolve(options.replay))
    : options.number !== undefined && { target: chosen[0].name, from: options.number };
if (one) await alone(one);
else if (options.cases === undefined) await forMinutes(options.minutes);
else {
  for (const target of chosen) if (!stopping) await worked(target, 0, { cases: options.cases });
}

const figures = Object.fromEntries(
  [...results].map(([name, { memory, ...result }]) => [
    name,
    { ...result, memoryMiB: memory.length ? Math.round(Math.max(...memory) / 2 ** 20) : null },
  ]),
);

function renderedFigures() {
  const lines = Object.entries(figures).map(([name, { cases, seconds, kinds, memoryMiB }]) => {
    const counts = Object.entries(kinds).sort(([, a], [, b]) => b - a);
    const found = counts.filter(([kind]) => kind.startsWith('! '));
    return [
      name,
      String(cases),
      seconds.toFixed(1),
      String(memoryMiB ?? '-'),
      String(found.reduce((sum, [, count]) => sum + count, 0)),
      counts
        .slice(0, 5)
        .map((pair) => pair.join(' '))
        .join(', '),
    ];
  });
  return table(['target', 'cases', 'seconds', 'MiB', 'found', 'most frequent outcomes'], lines);
}

const { all } = findings;
if (json) {
  const seconds = (performance.now() - began) / 1000;
  console.log(
    JSON.stringify({ seed, seconds, stopped: stopping, targets: figures, findings: all }),
  );
} else {
  say('\r\x1b[K');
  if (!one) console.log(renderedFigures());
  console.log(all.length > 0 ? `\n${all.map(rendered).join('\n\n')}` : '\nnothing found');
}
process.exit(stopping ? 130 : all.length > 0 ? 1 : 0);
