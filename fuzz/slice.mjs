/** Works through cases of a target in processes that may end at any of them, and adds up what they tell. */
import { workIn } from './process.mjs';

export const nothing = () => ({ cases: 0, seconds: 0, kinds: {}, memory: [] });

const add = (kinds, kind, count = 1) => {
  kinds[kind] = (kinds[kind] ?? 0) + count;
};

/**
 * Works on a target from a case on; gives the case after the last.
 *
 * @param {object} target as in `targets/`
 * @param {{seed: number, from: number, seconds: number, cases: number}} what
 * @param {{result: object, findings: object, stopped: () => boolean, onCount: () => void}} told
 */
export async function slice(target, { seed, from, seconds, cases }, told) {
  const { name, weight = 1 } = target;
  const { result, findings, stopped, onCount } = told;
  const end = from + Math.max(1, Math.round(cases * weight));
  const until = performance.now() + 1000 * seconds;
  let next = from;
  while (!stopped() && next < end && performance.now() < until) {
    const start = performance.now();
    const left = { cases: end - next, seconds: (until - start) / 1000 };
    const { code, signal, said, ended } = await workIn(
      { target: name, seed, from: next, ...left },
      (event) => {
        if (event.event === 'finding') {
          findings.add({ target: name, ...event });
          return;
        }
        result.cases += event.done;
        result.memory.push(event.memory);
        for (const [kind, count] of Object.entries(event.kinds)) add(result.kinds, kind, count);
        next = event.next;
        onCount();
      },
    );
    result.seconds += (performance.now() - start) / 1000;
    if (code === 0 || stopped()) break;
    result.cases++;
    result.memory = [];
    if (ended) {
      next = ended.number + 1;
      await confirm(name, seed, ended, told);
    } else {
      const message = `${signal ?? code}: ${said.slice(-600)}`;
      findings.add({ target: name, number: next, finding: 'died', message });
      add(result.kinds, '! died');
      // It does not even begin.
      if (result.cases === 1) break;
      next++;
    }
  }
  checkGrowth(target, result, findings);
  return next;
}

/** Whether a case that was ended is so alone and again too: the machine may have been busy. */
async function confirm(target, seed, { number, finding, message }, { result, findings }) {
  const alone = { target, seed, from: number, cases: 1, seconds: 60 };
  const { input } = await inputOf(alone);
  const again = await workIn(alone, () => {});
  add(result.kinds, again.ended ? `! ${finding}` : `${finding} once`);
  if (again.ended) findings.add({ target, number, finding, message, input });
}

/** What a case is, without running it. */
export async function inputOf(work) {
  let input;
  await workIn({ ...work, dry: true }, (event) => {
    if (event.event === 'input') input = event.input;
  });
  return { input };
}

/** Runs one case. */
export async function oneCase(work, { result, findings }) {
  const { target, seed, from: number } = work;
  const { ended, code, said } = await workIn(work, (event) => {
    if (event.event === 'finding') findings.add({ target, seed, ...event });
    else for (const [kind, count] of Object.entries(event.kinds)) add(result.kinds, kind, count);
  });
  if (ended) findings.add({ target, seed, ...ended });
  else if (code !== 0) findings.add({ target, seed, number, finding: 'died', message: said });
}

/** Bytes by which memory may grow once a target is warm. */
const usualGrowth = 64 * 2 ** 20;

/** The least of the last third may be no more than so much above the least of the second. */
function checkGrowth({ name, mayGrow = usualGrowth }, { memory }, findings) {
  if (memory.length < 9) return;
  const third = Math.floor(memory.length / 3);
  const middle = Math.min(...memory.slice(third, 2 * third));
  const last = Math.min(...memory.slice(2 * third));
  if (last - middle <= mayGrow) return;
  const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const message = `memory went from ${mib(middle)} to ${mib(last)}`;
  findings.add({ target: name, number: 0, finding: 'growth', message });
}
