/** The models that a server hosts, each answering many requests at once. */
export { type Batch, Batcher } from './batcher.js';
export {
  type Hosted,
  type HostedRole,
  hostBase,
  hostRun,
  type Refiner,
  type RoleElsewhere,
} from './hosted.js';
