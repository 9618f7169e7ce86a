/** Any server that speaks OpenAI's interface as one that refines: its model in all roles by prompt, without any training. */
import { GloreError } from '../error.js';
import { type RoleName, type Roles, roleNames } from '../model/index.js';
import {
  Endpoint,
  type EndpointOptions,
  type GivenReward,
  hostOf,
  listModels,
  type Message,
  openTextRoles,
  type Place,
  readPrompts,
  rolesInText,
  type TextModel,
} from '../model/openai/index.js';
import { type RefineOptions, usualSamples } from '../refine/index.js';
import { visible } from '../visible.js';
import { Account, type AnswerBudget } from './account.js';

export interface UpstreamOptions
  extends Omit<EndpointOptions, 'name' | 'budget' | 'spent' | 'parallel'> {
  /** The first that the server lists, if left out. */
  readonly model?: string | undefined;
  /** Another model for ORM and SORM; without `url` on the same server, without `model` the first that is listed. */
  readonly critic?:
    | {
        readonly url?: string | undefined;
        readonly model?: string | undefined;
        readonly key?: string | undefined;
        /** The reward model that it is, if its name does not say it. */
        readonly reward?: GivenReward | undefined;
      }
    | undefined;
  /** A folder of prompts, for those that are built in. */
  readonly prompts?: string | undefined;
  /** Most tokens of a solution; 1024 if left out. */
  readonly maxTokens?: number | undefined;
  /** Most requests in flight. */
  readonly parallel?: number | undefined;
}

/** What is usual: the vote, which needs no critic; docs/serving.md says what was measured. */
export const upstreamDefaults = {
  mode: 'vote',
  samples: usualSamples,
  threshold: 0.5,
  tau: 0.5,
} as const satisfies RefineOptions;

/** What differs from request to request. */
export interface Turn {
  readonly budget?: AnswerBudget | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What was said before the question, the system message among it. */
  readonly before?: readonly Message[] | undefined;
  /** Fields of the request that samples are drawn with: `top_p`, .. */
  readonly sampling?: Readonly<Record<string, unknown>> | undefined;
  readonly maxTokens?: number | undefined;
}

export interface Upstream {
  /** The five roles, for `refine`. */
  readonly roles: Roles;
  readonly options: RefineOptions;
  /** The student's model on its server. */
  readonly model: string;
  readonly endpoint: Endpoint;
  /** The roles for one answer, and what they cost. */
  turn(turn: Turn): { readonly roles: Roles; readonly account: Account };
  close(): Promise<void>;
}

/** Most tokens of a solution, where nothing is said. */
export const usualMaxTokens = 1024;

/** Seconds for which a server that is away is waited for: somebody waits for the answer. */
const PATIENCE = 20;

/**
 * Opens a server in all roles by prompt.
 *
 * @throws GloreError `endpoint-model`, `endpoint-lacks`, `prompts`, and those of `Endpoint`
 */
export async function openUpstream(options: UpstreamOptions): Promise<Upstream> {
  const {
    model,
    critic,
    prompts,
    maxTokens = usualMaxTokens,
    patience = PATIENCE,
    ...connection
  } = options;
  const templates = prompts === undefined ? undefined : readPrompts(prompts);
  const endpoint = new Endpoint({ ...connection, patience, name: hostOf(connection.url) });
  const elsewhere =
    critic?.url === undefined
      ? undefined
      : new Endpoint({
          ...connection,
          patience,
          url: critic.url,
          key: critic.key,
          name: `${hostOf(critic.url)} (critic)`,
        });
  const close = async () => {
    await endpoint.close();
    await elsewhere?.close();
  };
  try {
    const own: Place = { endpoint, model: model ?? (await firstModel(endpoint, '--model')) };
    const judging: Place = elsewhere
      ? {
          endpoint: elsewhere,
          model: critic?.model ?? (await firstModel(elsewhere, '--critic URL#MODEL')),
        }
      : { endpoint, model: critic?.model ?? own.model };
    const placeOf = (role: RoleName): Place => (role === 'orm' || role === 'sorm' ? judging : own);
    const models = await openTextRoles(placeOf, {
      ...{ api: 'chat', templates, reward: critic?.reward },
    });
    return {
      roles: rolesInText(models, maxTokens),
      options: upstreamDefaults,
      model: own.model,
      endpoint,
      turn: (turn) => rolesOfTurn(models, maxTokens, turn),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function firstModel(endpoint: Endpoint, option: string): Promise<string> {
  const { models = [], why } = await listModels(endpoint);
  const [first] = models;
  if (first !== undefined) return first;
  throw new GloreError(
    'endpoint-model',
    `endpoint ${endpoint.name}: expected a list of models, found ${visible(why ?? 'none')}; name one with ${option}`,
  );
}

function rolesOfTurn(
  models: Readonly<Record<RoleName, TextModel>>,
  maxTokens: number,
  { budget = {}, signal, before = [], sampling, maxTokens: most = maxTokens }: Turn,
): { readonly roles: Roles; readonly account: Account } {
  const account = new Account(budget, signal);
  const said = before.filter(({ role }) => role !== 'system' && role !== 'developer');
  const bound = roleNames.map((role) => {
    const isCritic = role === 'orm' || role === 'sorm';
    const model = models[role].within({
      through: (endpoint) => account.through(role, endpoint),
      // How to answer is said to those who answer.
      before: isCritic ? said : before,
      ...(!isCritic && { sampling }),
    });
    const player = {
      author: () => account.author(role, model.author()),
      critic: () => account.critic(role, model.critic()),
    };
    return [role, player] as const;
  });
  type Players = Parameters<typeof rolesInText>[0];
  return { roles: rolesInText(Object.fromEntries(bound) as Players, most), account };
}
