/** Services of this package in worker threads, called as if they were here. */
export { Remote } from './remote.js';
