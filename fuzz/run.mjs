/**
 * Fuzzing: mutated and generated inputs for every reader, and requests for the HTTP routes, until an error has no name, a case
 * takes more than a second, memory grows, or what must hold does not. A case follows from its target, the seed and its number.
 *
 *   npm run fuzz -- --minutes 10                        every target, in turn
 *   npm run fuzz -- --seed 7 --minutes 60 --json        counts by kind, and the findings, as one JSON object
 *   npm run fuzz -- --target grade --cases 5000         one target, so many cases
 *   npm run fuzz -- --target grade --seed 1 --case 97   one case again
 *   npm run fuzz -- --replay fuzz/found/grade-1-97.json the same from what was kept of it
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../bench/table.mjs';
import { signatureOf } from './outcome.mjs';
import { endAll, workIn } from './process.mjs';
import { targets } from './targets/index.mjs';

const usage = `npm run fuzz -- [options]

  --seed <n>         what all cases follow from (default 1)
  --minutes <m>      for so long over all targets (default 1)
  --cases <n>        instead: so many cases of each target, of slow ones fewer; the same cases each time
  --target <name..>  only these; --list names them
  --case <n>         only this case of the one target, and what it is
  --replay <file>    only the case in this file
  --out <folder>     where inputs that find something are kept (default fuzz/found)
  --json             one JSON object: counts by kind and findings
  --list             the targets
  --help             this

Exit codes: 0 nothing was found, 1 something was, 2 wrong usage, 130 stopped by Ctrl-C, which prints what there is.`;

function fail(message) {
  console.error(`error: ${message}\n(npm run fuzz -- --help shows the options)`);
  process.exit(2);
}

function optionsOf() {
  const options = {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1' },
    cases: { type: 'string' },
    target: { type: 'string', multiple: true, default: [] },
    case: { type: 'string' },
    replay: { type: 'string' },
    out: { type: 'string', default: join(import.meta.dirname, 'found') },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    // "--target a b" names both.
    return { ...values, target: [...values.target, ...positionals] };
  } catch (error) {
    return fail(error.message);
  }
}

const options = optionsOf();
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const whole = (name, text) =>
  /^\d{1,9}$/.test(text)
    ? Number(text)
    : fail(`--${name}: expected a whole number, found "${text}"`);
const seed = whole('seed', options.seed);
const minutes = Number(options.minutes);
if (!(minutes > 0 && minutes <= 10_000)) {
  fail(`--minutes: expected a number above 0, found "${options.minutes}"`);
}
const chosen =
  options.target.length === 0
    ? targets
    : options.target.map(
        (name) =>
          targets.find((one) => one.name === name) ??
          fail(
            `--target: expected one of ${targets.map((one) => one.name).join(', ')}, found "${name}"`,
          ),
      );
if (options.list) {
  console.log(
    table(
      ['target', 'what is mutated, and what must hold'],
      chosen.map(({ name, about }) => [name, about]),
    ),
  );
  process.exit(0);
}

const began = performance.now();
/** By target: cases, seconds, counts by kind, memory. */
const results = new Map(
  chosen.map(({ name }) => [name, { cases: 0, seconds: 0, kinds: {}, memory: [] }]),
);
/** By signature: the first finding, and how many there are. */
const findings = new Map();
const say = (text) => {
  if (!options.json) process.stderr.write(text);
};

let stopping = false;
process.on('SIGINT', () => {
  stopping = true;
  endAll();
});
process.on('SIGTERM', () => {
  stopping = true;
  endAll();
});

const inputFile = (target, number) =>
  join(resolve(options.out), `${target}-${seed}-${number}.json`);

function found({ target, number, finding, message, input }) {
  const signature = signatureOf({ target, finding, message });
  const known = findings.get(signature);
  if (known) {
    known.count++;
    return;
  }
  const file = inputFile(target, number);
  if (input !== undefined) {
    mkdirSync(resolve(options.out), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ target, seed, number, finding, message, input })}\n`);
  }
  const one = {
    target,
    finding,
    count: 1,
    message,
    seed,
    case: number,
    again: `npm run fuzz -- --target ${target} --seed ${seed} --case ${number}`,
    ...(input !== undefined && { file: relative(process.cwd(), file) }),
  };
  findings.set(signature, one);
  say(`\n${rendered(one)}\n`);
}

/** Fit for a terminal: what is odd in it is spelt as JSON does. */
const escaped = (text, most = 600) => {
  const spelt = JSON.stringify(text)
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/gu, (one) => `\\u{${one.codePointAt(0).toString(16)}}`);
  return spelt.length > most ? `${spelt.slice(0, most)}..` : spelt;
};

const rendered = ({ target, finding, count, message, file, again }) =>
  [
    `found in ${target}: ${finding}${count > 1 ? ` (${count} times)` : ''}`,
    `  ${escaped(message)}`,
    ...(file ? [`  input   ${file}`] : []),
    `  again   ${again}`,
  ].join('\n');

/** Works on a target from a case on; gives the case after the last. */
async function slice({ name, weight = 1, mayGrow = usualGrowth }, from, { seconds, cases }) {
  const result = results.get(name);
  const end = from + Math.max(1, Math.round(cases * Math.min(1, weight)));
  const until = performance.now() + 1000 * seconds;
  let next = from;
  while (!stopping && next < end && performance.now() < until) {
    const start = performance.now();
    const work = {
      target: name,
      seed,
      from: next,
      cases: end - next,
      seconds: (until - start) / 1000,
    };
    const { code, signal, said, ended } = await workIn(work, (event) => {
      if (event.event === 'finding') found({ target: name, ...event });
      else {
        result.cases += event.done;
        result.memory.push(event.memory);
        for (const [kind, count] of Object.entries(event.kinds)) {
          result.kinds[kind] = (result.kinds[kind] ?? 0) + count;
        }
        next = event.next;
        say(`\r${name} ${result.cases} cases \x1b[K`);
      }
    });
    result.seconds += (performance.now() - start) / 1000;
    if (code === 0 || stopping) break;
    if (!ended) {
      found({
        target: name,
        number: next,
        finding: 'died',
        message: `${signal ?? code}: ${said.slice(-600)}`,
      });
      if (signal === null && result.cases === 0) break;
      next++;
      continue;
    }
    // Alone and again: the machine may have been busy.
    const { number, finding, message } = ended;
    const alone = { target: name, seed, from: number, cases: 1, seconds: 60 };
    let input;
    await workIn({ ...alone, dry: true }, (event) => {
      if (event.event === 'input') input = event.input;
    });
    const again = await workIn(alone, () => {});
    const sure = again.ended !== undefined;
    const kind = sure ? `! ${finding}` : `${finding} once`;
    result.kinds[kind] = (result.kinds[kind] ?? 0) + 1;
    result.cases++;
    if (sure) found({ target: name, number, finding, message, input });
    next = number + 1;
    result.memory = [];
  }
  growth(name, result, mayGrow);
  return next;
}

/** Bytes by which memory may grow once a target is warm. */
const usualGrowth = 64 * 2 ** 20;

/** The least of the last third may be no more than so much above the least of the second. */
function growth(name, { memory }, mayGrow) {
  if (memory.length < 9) return;
  const third = Math.floor(memory.length / 3);
  const [middle, last] = [memory.slice(third, 2 * third), memory.slice(2 * third)].map((part) =>
    Math.min(...part),
  );
  if (last - middle <= mayGrow) return;
  const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  found({
    target: name,
    number: 0,
    finding: 'growth',
    message: `memory went from ${mib(middle)} to ${mib(last)}`,
  });
}

async function oneCase(target, work, number) {
  await workIn(
    { target, seed, from: number, cases: 1, seconds: 60, ...work, dry: true },
    (event) => {
      if (event.event === 'input' && !options.json)
        console.log(`input   ${escaped(JSON.stringify(event.input), 4000)}`);
    },
  );
  const one = { target, seed, from: number, cases: 1, seconds: 60, ...work };
  const { ended, code, said } = await workIn(one, (event) => {
    if (event.event === 'finding') found({ target, ...event });
    else Object.assign(results.get(target).kinds, event.kinds);
  });
  if (ended) found({ target, ...ended });
  else if (code !== 0) found({ target, number, finding: 'died', message: said });
  if (!options.json) console.log(`kinds   ${Object.keys(results.get(target).kinds).join(', ')}`);
}

if (options.replay !== undefined) {
  let kept;
  try {
    kept = JSON.parse(readFileSync(options.replay, 'utf8'));
  } catch (error) {
    fail(`--replay: ${error.message}`);
  }
  if (!targets.some(({ name }) => name === kept.target))
    fail('--replay: expected a file that was kept here');
  results.set(kept.target, { cases: 1, seconds: 0, kinds: {}, memory: [] });
  await oneCase(kept.target, { replay: resolve(options.replay) }, kept.number);
} else if (options.case !== undefined) {
  if (chosen.length !== 1) fail('--case: expected one --target with it');
  await oneCase(chosen[0].name, {}, whole('case', options.case));
} else if (options.cases !== undefined) {
  const cases = whole('cases', options.cases);
  for (const target of chosen) if (!stopping) await slice(target, 0, { seconds: 3600, cases });
} else {
  // In rounds, so that all have had their turn whenever it ends.
  const rounds = Math.max(1, Math.round(minutes / 5));
  const next = new Map(chosen.map(({ name }) => [name, 0]));
  const shares = chosen.reduce((sum, { share = 1 }) => sum + share, 0);
  for (let round = 0; round < rounds && !stopping; round++) {
    for (const target of chosen) {
      if (stopping) break;
      const seconds = (60 * minutes * (target.share ?? 1)) / shares / rounds;
      next.set(target.name, await slice(target, next.get(target.name), { seconds, cases: 1e9 }));
    }
  }
}

const isFound = (kind) => kind.startsWith('! ');
const summary = {
  seed,
  seconds: (performance.now() - began) / 1000,
  stopped: stopping,
  targets: Object.fromEntries(
    [...results].map(([name, { memory, ...result }]) => [
      name,
      { ...result, memoryMiB: memory.length ? Math.round(Math.max(...memory) / 2 ** 20) : null },
    ]),
  ),
  findings: [...findings.values()],
};
if (options.json) console.log(JSON.stringify(summary));
else if (options.case === undefined && options.replay === undefined) {
  say('\r\x1b[K');
  const lines = Object.entries(summary.targets).map(
    ([name, { cases, seconds, kinds, memoryMiB }]) => [
      name,
      String(cases),
      seconds.toFixed(1),
      String(memoryMiB ?? '-'),
      String(
        Object.entries(kinds).reduce((sum, [kind, count]) => sum + (isFound(kind) ? count : 0), 0),
      ),
      Object.entries(kinds)
        .sort(([, a], [, b]) => b - a)
        .slice(0, 6)
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', '),
    ],
  );
  console.log(
    table(['target', 'cases', 'seconds', 'MiB', 'found', 'most frequent outcomes'], lines),
  );
}
if (!options.json) {
  if (findings.size === 0) console.log('\nnothing found');
  for (const one of findings.values()) console.log(`\n${rendered(one)}`);
}
process.exit(stopping ? 130 : findings.size > 0 ? 1 : 0);
