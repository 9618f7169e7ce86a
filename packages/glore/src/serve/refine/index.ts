/** Answers: samples of one model, and refined ones with their trace. */
export { answerPlain, answerRefined } from './answer.js';
export { chatFormat, chatText, chatTop, completionFormat, completionTop } from './format.js';
export { checkTexts, readInputs, readPrompts } from './inputs.js';
export {
  candidatesOf,
  refinementBy,
  refinementOf,
  refiningModel,
} from './refining.js';
export {
  checkIds,
  checkName,
  checkSequence,
  empty,
  type Questions,
  questionsFor,
  roleOf,
} from './roles.js';
export { samplingOf, seedsOf } from './sampling.js';
export { answerSize } from './size.js';
export { withoutSpecial } from './text.js';
