/** The five roles on one server, in text: any model that follows instructions, or five that were trained for them. */
import { type RoleName, type Roles, roleNames, rolesBy } from '../roles.js';
import type { Author, Critic } from '../types.js';
import { Endpoint, type EndpointOptions } from './endpoint.js';
import { openReward, openServedText, type ServedRole, testedFor } from './open.js';
import type { Capabilities } from './probe.js';
import type { Prompts } from './prompts.js';
import type { GivenReward, ServedReward } from './reward.js';
import type { GivenTemplate } from './template.js';
import type { ServedText } from './text.js';

export interface OpenServerOptions extends Omit<EndpointOptions, 'name'> {
  /** One model for all roles, or a model for each. */
  readonly model: string | Readonly<Record<RoleName, string>>;
  /** `chat`, if left out, for models that follow instructions; `completions` for those trained on the codec's text. */
  readonly api?: 'chat' | 'completions';
  /** How roles are put in words; what is left out is built in. */
  readonly templates?: Prompts;
  /** Which published reward model the ORM and the SORM are, if their names do not say it. */
  readonly reward?: GivenReward | undefined;
  /** Most tokens of a solution; 512 if left out. */
  readonly maxTokens?: number;
}

/** A model that is asked in text: by prompt, or as the reward model that it is. */
export type TextModel = ServedText | ServedReward;

/** Where a role's model is. */
export interface Place {
  readonly endpoint: Endpoint;
  readonly model: string;
}

/**
 * The models of roles, in text; what a model can do is tested once for all of its roles.
 *
 * @throws GloreError `endpoint-lacks` naming what the server cannot do; `endpoint-model`, and those of `Endpoint`
 */
export async function openTextRoles(
  placeOf: (role: RoleName) => Place,
  {
    api,
    templates = {},
    reward,
  }: {
    readonly api: 'chat' | 'completions';
    readonly templates?: Prompts | undefined;
    readonly reward?: GivenReward | undefined;
  },
): Promise<Record<RoleName, TextModel>> {
  const tests = new Map<string, Promise<Partial<Capabilities>>>();
  const open = async (role: RoleName): Promise<[RoleName, TextModel]> => {
    const { endpoint, model } = placeOf(role);
    const served = (template?: GivenTemplate): ServedRole => ({
      ...{ model, api, template, spelling: 'text', scoring: 'logprobs', positive: 1 },
      ...(reward && { reward }),
    });
    const found = await openReward(endpoint, role, served(templates[role]));
    if (found) return [role, found];
    const key = JSON.stringify([endpoint.name, model]);
    const roles = roleNames.filter((other) => {
      const place = placeOf(other);
      return place.endpoint === endpoint && place.model === model;
    });
    const can = tests.get(key) ?? testedFor(endpoint, roles, served());
    tests.set(key, can);
    return [
      role,
      await openServedText(endpoint, role, served(templates[role]), {
        known: await can,
        verbatim: api === 'chat',
      }),
    ];
  };
  // One after the other: the first finds out whether the server is there at all.
  const opened: [RoleName, TextModel][] = [];
  for (const role of roleNames) opened.push(await open(role));
  return Object.fromEntries(opened) as Record<RoleName, TextModel>;
}

/** Models in text in their roles. */
export function rolesInText(
  models: Readonly<Record<RoleName, { author(): Author; critic(): Critic }>>,
  maxTokens: number,
): Roles {
  return rolesBy(
    models,
    { author: (model) => model.author(), critic: (model) => model.critic() },
    maxTokens,
  );
}

/** A name for errors: the host of a URL. */
export const hostOf = (url: string): string =>
  /^https?:/.test(url) && URL.canParse(url) ? new URL(url).host : 'url';

/**
 * Opens the five roles on a server that speaks OpenAI's interface. Critics are read from the log-probabilities of their
 * labels, in a conversation from samples where the server has none.
 *
 * @throws GloreError as `openTextRoles`
 */
export async function openServer(
  options: OpenServerOptions,
): Promise<{ readonly roles: Roles; close(): Promise<void> }> {
  const { model, api = 'chat', templates = {}, reward, maxTokens = 512, ...connection } = options;
  const endpoint = new Endpoint({ ...connection, name: hostOf(connection.url) });
  const placeOf = (role: RoleName): Place => ({
    endpoint,
    model: typeof model === 'string' ? model : model[role],
  });
  try {
    const models = await openTextRoles(placeOf, { api, templates, reward });
    return { roles: rolesInText(models, maxTokens), close: () => endpoint.close() };
  } catch (error) {
    await endpoint.close();
    throw error;
  }
}
