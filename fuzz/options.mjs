/** What `npm run fuzz` takes. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
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

Examples:
  npm run fuzz -- --minutes 60 --seed 7
  npm run fuzz -- --target grade answers --cases 5000
  npm run fuzz -- --target grade --seed 1 --case 97
  npm run fuzz -- --replay fuzz/found/grade-1-97.json

Exit codes: 0 nothing was found, 1 something was, 2 wrong usage, 130 stopped by Ctrl-C, which prints what there is.`;

export function fail(message) {
  console.error(`error: ${message}\n(npm run fuzz -- --help shows the options)`);
  process.exit(2);
}

const whole = (name, text) =>
  /^\d{1,9}$/.test(text)
    ? Number(text)
    : fail(`--${name}: expected a whole number, found "${text}"`);

function parsed() {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const options = {
    seed: { ...text, default: '1' },
    minutes: { ...text, default: '1' },
    out: { ...text, default: join(import.meta.dirname, 'found') },
    target: { ...text, multiple: true, default: [] },
    ...{ cases: text, case: text, replay: text, json: flag, list: flag, help: flag },
  };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    // "--target a b" names both.
    return { ...values, target: [...values.target, ...positionals] };
  } catch (error) {
    return fail(error.message);
  }
}

/** The options, checked; what only prints is done here. */
export function optionsOf() {
  const { seed, minutes, cases, case: number, target, ...options } = parsed();
  if (options.help) {
    console.log(usage);
    process.exit(0);
  }
  const names = targets.map(({ name }) => name);
  const unknown = target.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    fail(`--target: expected one of ${names.join(', ')}, found "${unknown}"`);
  }
  const chosen = targets.filter(({ name }) => target.length === 0 || target.includes(name));
  if (options.list) {
    const longest = Math.max(...names.map(({ length }) => length));
    for (const { name, about } of chosen) console.log(`${name.padEnd(longest)}  ${about}`);
    process.exit(0);
  }
  if (number !== undefined && chosen.length !== 1) fail('--case: expected one --target with it');
  if (!(Number(minutes) > 0 && Number(minutes) <= 10_000)) {
    fail(`--minutes: expected a number above 0, found "${minutes}"`);
  }
  return {
    ...options,
    chosen,
    seed: whole('seed', seed),
    minutes: Number(minutes),
    cases: cases === undefined ? undefined : whole('cases', cases),
    number: number === undefined ? undefined : whole('case', number),
  };
}
