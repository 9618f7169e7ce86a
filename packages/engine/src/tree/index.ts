/** Sequences that begin alike as a tree, each position of which is computed once. */
export { evenly, families, filled, type TreePart } from './cut.js';
export { angleFeeds, treeFeeds } from './feeds.js';
export { compareSequences, distinctPositions, type Tree, treeOf } from './tree.js';
