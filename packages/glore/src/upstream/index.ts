/** Any server as one that refines, without training: roles by prompt, and what an answer may cost. */
export { Account, type AnswerBudget, type Costs, type RoleCost } from './account.js';
export {
  openUpstream,
  type Turn,
  type Upstream,
  type UpstreamOptions,
  upstreamDefaults,
  usualMaxTokens,
} from './open.js';
export { type ChatBody, chatBody, reasonToPass, textOf } from './problem.js';
