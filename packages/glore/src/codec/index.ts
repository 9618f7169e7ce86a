export { type Codec, createCodec, type SpecialIds, specialTokens } from './codec.js';
export {
  answerLine,
  parseSolution,
  renderSolution,
  type Solution,
  stripAnnotations,
} from './solution.js';
export {
  continuationText,
  globalPromptText,
  localPromptText,
  promptText,
  solutionText,
} from './text.js';
