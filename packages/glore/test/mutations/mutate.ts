/** One field of a record made into something else, or taken away. */

type Path = readonly (string | number)[];

/** What a field is made into; `undefined` takes it away. */
const others: readonly unknown[] = [
  undefined,
  null,
  -1,
  -1e300,
  1e300,
  2 ** 53,
  0.5,
  'NaN',
  '',
  true,
  [],
  {},
  [null],
  { a: 1 },
];

export interface Mutation {
  readonly path: Path;
  readonly old: unknown;
  readonly value: unknown;
  readonly mutated: unknown;
}

/** A mutation of a value as it stands in JSON, chosen by `random` (from 0 to 1). */
export function mutation(value: unknown, random: () => number): Mutation {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  // Every kind of field is as likely as any other, however many there are of it.
  const kinds = new Map<string, Path[]>();
  for (const path of pathsIn(value)) {
    const kind = path.map((key) => (typeof key === 'number' ? '*' : key)).join('.');
    kinds.set(kind, [...(kinds.get(kind) ?? []), path]);
  }
  const path = pick(pick([...kinds.values()]));
  const old = at(value, path);
  const other = pick(others.filter((one) => JSON.stringify(one) !== JSON.stringify(old)));
  return { path, old, value: other, mutated: replaced(value, path, other) };
}

/** Of lists the first two and the last: the others are like them. */
function* pathsIn(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (Array.isArray(value)) {
    const places = [...new Set([0, 1, value.length - 1])].filter((i) => i >= 0 && i < value.length);
    for (const i of places) yield* pathsIn(value[i], [...path, i]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) yield* pathsIn(part, [...path, key]);
  }
}

const at = (value: unknown, path: Path): unknown =>
  path.reduce((part, key) => (part as Record<string | number, unknown>)[key], value);

function replaced(value: unknown, [key, ...rest]: Path, other: unknown): unknown {
  if (key === undefined) return other;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  const part = rest.length === 0 ? other : replaced(copy[key], rest, other);
  if (part !== undefined || Array.isArray(copy)) copy[key] = part;
  else delete copy[key];
  return copy;
}
