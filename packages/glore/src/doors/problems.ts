/**
 * Problems and their checking: files of them, the built-in world, and whether a text gives a problem's answer.
 *
 * @packageDocumentation
 */
export {
  difficulty,
  type Extracted,
  extractAnswer,
  finalRight,
  firstWrongStep,
  type GenerateOptions,
  generateProblems,
  goldAnswer,
  type How,
  type Judgement,
  judge,
  judgeSteps,
  type Problem,
  type ProblemFields,
  readGsm8k,
  readJsonlProblems,
  readSvamp,
  type Split,
  sameAnswer,
  toGsm8k,
  type WorldSettings,
} from '../problem/index.js';
