/**
 * Problems and their checking: files of them, the built-in world, and whether a text gives a problem's answer.
 *
 * @packageDocumentation
 */
export {
  difficulty,
  finalRight,
  firstWrongStep,
  type GenerateOptions,
  generateProblems,
  judgeSteps,
  type Problem,
  type ProblemFields,
  readGsm8k,
  readJsonlProblems,
  readSvamp,
  type Split,
  toGsm8k,
  type WorldSettings,
} from '../problem/index.js';
export {
  type Extracted,
  extractAnswer,
  goldAnswer,
  type How,
  type Judgement,
  judge,
  type Kind,
  sameAnswer,
} from '../reading/index.js';
