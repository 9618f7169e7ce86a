export { meaningOf, rowName, wayOf } from './row-names.js';
export { bestOfK, majorityAtK, standardWays } from './standard.js';
export { type Answer, type Group, groups, methodFirst, type Setting, type Way } from './way.js';
