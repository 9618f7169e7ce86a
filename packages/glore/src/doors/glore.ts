/**
 * The method: a draft refined globally and locally, and the best of the three chosen. `openRun` has the models of a run in
 * their roles, `openUpstream` those of any server, without training; `glore/models` is where models of your own come in.
 *
 * @packageDocumentation
 */
export {
  joinLocal,
  parseSolution,
  renderSolution,
  type Solution,
} from '../codec/index.js';
export { GloreError } from '../error.js';
export {
  type Generated,
  GlobalRefiner,
  type HearSolution,
  LocalRefiner,
  RewardModel,
  type RoleName,
  type Roles,
  roleNames,
  Student,
} from '../model/index.js';
export { type OpenRun, type OpenRunOptions, openRun } from '../pipeline/index.js';
export {
  type Candidate,
  type Chooser,
  chosen,
  type Decision,
  finalScore,
  locate,
  locateFirstError,
  REFINE_ALL,
  type RefineEvent,
  type RefineOptions,
  type RoundsOptions,
  refine,
  refineInRounds,
  type Source,
  type Written,
  worth,
} from '../refine/index.js';
export {
  type AnswerBudget,
  type Costs,
  openUpstream,
  type RoleCost,
  type Turn,
  type Upstream,
  type UpstreamOptions,
} from '../upstream/index.js';
