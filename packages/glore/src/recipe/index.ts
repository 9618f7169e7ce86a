/** Recipes: what a run's result depends on, read once from YAML and refused before any work if it is wrong. */
export { type Endpoints, identityOf, type ServedModels } from './endpoints.js';
export { contentsOf, count, type FileSet, readHeldOut } from './files.js';
export {
  bitsIn,
  type Lora,
  makeRecipe,
  parseRecipe,
  provider,
  type Recipe,
  type RecipeValues,
  range,
  readRecipe,
  readRecipeWith,
  seed,
  type Training,
  worldSettings,
} from './recipe.js';
export { readStoredRecipe } from './stored.js';
export { allServed, learns, type TrainerSettings, trained } from './trainer.js';
