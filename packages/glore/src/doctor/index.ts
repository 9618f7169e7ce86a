/** What the servers of a recipe can do, and whether that is enough. */
export {
  examine,
  examineUrl,
  goldenTolerance,
  type Health,
  type RoleHealth,
  readGolden,
  writeGolden,
} from './doctor.js';
