/**
 * Where models come in: a role is played by whatever writes solutions (`Author`) or values their lines (`Critic`).
 * A `RoleModel` is both, and reads the codec's tokens or text of its own; there are those of this process and those on
 * servers that speak OpenAI's interface.
 *
 * @packageDocumentation
 */
export { type Codec, createCodec, type Solution, specialTokens } from '../codec/index.js';
export {
  type Answers,
  type Author,
  type CountPositions,
  type Critic,
  type EmbeddedOptions,
  type Generated,
  type GenerateRequest,
  type Generator,
  GlobalRefiner,
  type Hear,
  type HearTokens,
  inRoles,
  type LanguageModel,
  LocalRefiner,
  openEmbedded,
  type Player,
  type RefinerItem,
  RewardModel,
  type RoleModel,
  type RoleName,
  type Roles,
  type Sampling,
  type ScoreRequest,
  type Scorer,
  Student,
  type Task,
  tokenAuthor,
  tokenCritic,
  type Valued,
  type WriteRequest,
} from '../model/index.js';
export {
  type Budget,
  type EndpointOptions,
  type GivenReward,
  type GivenTemplate,
  type OpenServerOptions,
  openServer,
  type RewardModelName,
  type RewardReader,
  type Template,
} from '../model/openai/index.js';
