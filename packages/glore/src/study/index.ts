/** Studies: a recipe on several seeds beside variants of it, and the page that compares them. */
export { resultsJson } from './json.js';
export { measureStudy, renderPage } from './page/index.js';
export {
  type PlannedRun,
  planStudy,
  readResults,
  runStudy,
  type StudyResult,
  secondsOf,
} from './run.js';
export { folderOf, MAIN, readStudy, type Study, type StudyRun } from './study.js';
