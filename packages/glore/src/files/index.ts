/** Files of records: read with a check of each, written whole or not at all, with errors that say what to do. */
export {
  expectation,
  nameShown,
  pathShown,
  valueAt,
  valueShown,
  variableShown,
} from './issue.js';
export {
  brokenLine,
  brokenRecord,
  cureOf,
  type Line,
  parseJson,
  readJson,
  readJsonl,
  readLines,
  recordIn,
  shaped,
  writeJson,
  writeJsonl,
} from './json.js';
export { linkTree } from './link.js';
export { explain, explained, namesIn, replaceFile } from './replace.js';
export {
  amount,
  count,
  flags,
  listOf,
  ratio,
  share,
  shares,
  text,
  threshold,
} from './values.js';
export { YamlFile } from './yaml.js';
