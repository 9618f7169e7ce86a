/** How the work of a stage is cut into units. */
import type { RoleName } from '../model/index.js';
import type { Run } from './context.js';

/** Lists in pieces of `size`. */
export function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size),
  );
}

/**
 * How work with some roles is cut and how much of it is in flight: what is embedded wants large units, one for each worker;
 * what is served wants small ones, so that little is lost, and many, so that the server is busy.
 */
export function unitsOf(
  { recipe }: Pick<Run, 'recipe'>,
  names: readonly RoleName[],
  embedded: number,
  served: number,
): { size: number; parallel: number } {
  const limits = names.flatMap((name) => {
    const model = recipe.models?.[name];
    return model ? [recipe.endpoints?.[model.endpoint]?.parallel ?? 256] : [];
  });
  if (limits.length === 0) return { size: embedded, parallel: recipe.workers };
  return { size: served, parallel: Math.max(1, Math.ceil(Math.max(...limits) / served)) };
}
