export { onEngine, openEmbedded } from './embedded.js';
export {
  type Generated,
  GlobalRefiner,
  LocalRefiner,
  Meter,
  RewardModel,
  Student,
} from './roles.js';
export type {
  GenerateRequest,
  Generator,
  LanguageModel,
  Sampling,
  ScoreRequest,
  Scorer,
} from './types.js';
