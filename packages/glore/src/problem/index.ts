/** Problem sets. */
export {
  type Allotted,
  allot,
  type HeldOut,
  holdOut,
  type ReadProblems,
  type Wanted,
} from './division.js';
export { readGsm8k } from './gsm8k.js';
export { type ProblemFields, readJsonlProblems } from './jsonl.js';
export { type JudgedSteps, readProcessBench } from './processbench.js';
export { decodeText, FileRow, parseJsonLines, readTextFile } from './rows.js';
export { readSvamp } from './svamp.js';
export { type Problem, problemShape } from './types.js';
export * from './world/index.js';
