export {
  type Codec,
  createCodec,
  lackOf,
  type SpecialIds,
  specialTokens,
  spellings,
} from './codec.js';
export {
  answerLine,
  distinct,
  firstErrorOf,
  joinLocal,
  lineCount,
  parseLines,
  parseSolution,
  renderSolution,
  type Solution,
  solutionFields,
  solutionIn,
  solutionShape,
  spellingOf,
  stripAnnotations,
} from './solution.js';
export {
  continuationText,
  globalPromptText,
  localPromptText,
  promptText,
  solutionText,
} from './text.js';
