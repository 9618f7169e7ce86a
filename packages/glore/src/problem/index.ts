/** Problem sets, and whether a text gives a problem's answer. */
export { type Extracted, extractAnswer, goldAnswer, type How } from './answer.js';
export {
  type Allotted,
  allot,
  type HeldOut,
  holdOut,
  type ReadProblems,
  type Wanted,
} from './division.js';
export { type Canonical, canonical, sameAnswer } from './equivalence.js';
export { readGsm8k } from './gsm8k.js';
export { type ProblemFields, readJsonlProblems } from './jsonl.js';
export { type Judgement, judge } from './judge.js';
export { type JudgedSteps, readProcessBench } from './processbench.js';
export { decodeText, FileRow, parseJsonLines, readTextFile } from './rows.js';
export { readSvamp } from './svamp.js';
export type { Problem } from './types.js';
export * from './world/index.js';
