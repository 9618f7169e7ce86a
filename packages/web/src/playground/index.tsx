import type { Playground as Settings } from '../../../glore/src/view/wire.js';
import type { Route } from '../route.js';

export function Playground(_: { playground: Settings; runs: readonly string[]; route: Route }) {
  return <p>Playground</p>;
}
