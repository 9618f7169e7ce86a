import type { Route } from '../route.js';

export function Runs(_: { names: readonly string[]; route: Route }) {
  return <p>Runs</p>;
}
