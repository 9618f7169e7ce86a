export { onEngine, openEmbedded } from './embedded.js';
export {
  GlobalRefiner,
  LocalRefiner,
  Meter,
  RewardModel,
  Student,
} from './roles.js';
export { tokenAuthor, tokenCritic } from './tokens.js';
export type {
  Answers,
  Author,
  Critic,
  Generated,
  GenerateRequest,
  Generator,
  LanguageModel,
  RoleModel,
  Sampling,
  ScoreRequest,
  Scorer,
  Task,
  Valued,
  WriteRequest,
} from './types.js';
