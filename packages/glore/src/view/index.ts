/** What the pages see of runs, and what they are answered with. */
export { reportPage } from './report-page.js';
export { openViews, RunView } from './run.js';
export {
  type About,
  type Playground,
  type ProblemFilter,
  type ProblemPage,
  problemFilters,
  type ReportPage,
  type RunReport,
  type RunState,
} from './wire.js';
