/** Requests for a role whose model is on another server: they are its own to answer. */
import { z } from 'zod';
import type { Hosted, RoleElsewhere } from '../batch/index.js';
import type { Route } from '../protocol/index.js';
import { passThrough } from './pass.js';

/** A request that is handed on, and the name that its model has there. */
interface Elsewhere {
  readonly elsewhere: RoleElsewhere;
  readonly body: object;
  readonly passed?: string;
}

/** One that is handed on, or one that is answered here. */
interface Asked {
  readonly there?: Elsewhere;
  readonly here?: unknown;
}

const naming = z.looseObject({ model: z.string() });

/** `toStudent` says why a request for another model is the student's to answer. */
export function orElsewhere(
  hosted: Hosted,
  route: Route,
  toStudent: (body: unknown) => string | undefined = () => undefined,
): Route<z.ZodType<Asked>> {
  const roles = new Map(Object.entries(hosted.elsewhere));
  const elsewhereOf = (body: unknown): Elsewhere | undefined => {
    if (roles.size === 0) return undefined;
    const named = naming.safeParse(body);
    if (!named.success) return undefined;
    const passed = toStudent(body);
    const elsewhere = roles.get(passed === undefined ? named.data.model : 'student');
    if (!elsewhere) return undefined;
    const { glore: _, ...rest } = named.data;
    return { elsewhere, body: { ...rest, model: elsewhere.model }, ...(passed && { passed }) };
  };
  return {
    path: route.path,
    schema: z.unknown().transform((body): Asked => {
      const there = elsewhereOf(body);
      return there ? { there } : { here: route.schema.parse(body) };
    }),
    size: ({ there, here }) => (there ? 1 : route.size(here)),
    answer({ there, here }, exchange, bytes) {
      if (!there) return route.answer(here, exchange, bytes);
      const { elsewhere, body, passed } = there;
      exchange.note({ model: elsewhere.model, ...(passed && { passed }) });
      return passThrough(elsewhere.endpoint, exchange, JSON.stringify(body));
    },
  };
}
