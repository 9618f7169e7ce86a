/** What the servers of a recipe can do, and whether that is enough. */
export { examine, examineUrl, type Health, type RoleHealth } from './examine.js';
export { writeGolden } from './golden.js';
