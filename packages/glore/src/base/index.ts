/** The base checkpoint that recipes start from: its recipe, what it learns from, and its training. */
export { type BaseMixture, baseBatch } from './mixture.js';
export { type BaseRecipe, readBaseRecipe, trainBase } from './train.js';
