export { type CountPositions, onEngine, openEmbedded } from './embedded.js';
export {
  type GoldenVector,
  goldenTolerance,
  largestDifference,
  readGolden,
} from './golden.js';
export {
  GlobalRefiner,
  type HearSolution,
  inRoles,
  LocalRefiner,
  type Player,
  type RefinerItem,
  RewardModel,
  type RoleName,
  type Roles,
  roleNames,
  Student,
} from './roles.js';
export { tokenAuthor, tokenCritic } from './tokens.js';
export type {
  Answers,
  Author,
  Critic,
  CriticItem,
  Draft,
  Follower,
  Generated,
  GenerateRequest,
  Generator,
  Hear,
  HearTokens,
  LanguageModel,
  Original,
  RoleModel,
  Sampling,
  ScoreRequest,
  Scorer,
  Task,
  Valued,
  WriteRequest,
} from './types.js';
