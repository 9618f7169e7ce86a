/** What comparisons with other implementations need; the golden vectors lie beside it. */
export * from './blocks.js';
export * from './reference.js';
