/** What a role needs of a server, and opening it there. */
import type { Tokenizer } from '@glore/engine';
import { GloreError } from '../../error.js';
import { visible } from '../../visible.js';
import type { RoleModel } from '../types.js';
import type { Price } from './budget.js';
import { type Endpoint, EndpointError } from './endpoint.js';
import {
  type Capabilities,
  type Capability,
  listModels,
  type Probed,
  type ProbeOptions,
  probe,
  tokenize,
} from './probe.js';
import { apiOf, cardOf, type GivenReward, routesOf, ServedReward } from './reward.js';
import type { Circumstances } from './served.js';
import { type GivenTemplate, type TemplateRole, templateOf } from './template.js';
import { ServedText } from './text.js';
import { type Scoring, ServedTokens } from './tokens.js';
import type { Watch } from './watch.js';

/** How a role is spoken to. */
export interface ServedRole {
  readonly model: string;
  readonly api: 'completions' | 'chat';
  /** In ids of the codec's tokenizer, or in text for the model's own. */
  readonly spelling: 'tokens' | 'text';
  readonly scoring: Scoring;
  /** Which output of a classifier is p(+), of those with two or more. */
  readonly positive: number;
  readonly template?: GivenTemplate | undefined;
  /** The reward model of others that it is, if its name does not say it. */
  readonly reward?: GivenReward | undefined;
  readonly price?: Price | undefined;
}

/** What an adapter asks of a server: without `needs` it is not opened, without `rollouts` it cannot continue prefixes. */
export interface Wants {
  readonly needs: readonly Capability[];
  /** Several ways, of which it needs one: all of what stands in it. */
  readonly ways?: readonly (readonly Capability[])[];
  readonly rollouts: readonly Capability[];
  /** Made use of where it is there. */
  readonly uses: readonly Capability[];
}

export function wantsOf(role: TemplateRole, served: ServedRole): Wants {
  const { api, spelling, scoring } = served;
  const card = cardOf(role, served);
  if (card) {
    const ways = routesOf(card, scoring).map(([, needs]) => needs);
    const uses: Capability[] =
      card.reads === 'verdict'
        ? ['extensions', 'seed']
        : ways.some((needs) => needs.includes('logprobs'))
          ? ['extensions', 'labelLogprobs', 'tokenize']
          : card.reads === 'end'
            ? ['rawScores']
            : [];
    return { needs: [], ways, rollouts: [], uses };
  }
  const tokens = spelling === 'tokens';
  const needs: Capability[] = [api, ...(tokens ? (['tokenPrompts'] as const) : [])];
  const uses: Capability[] = ['extensions', ...(tokens ? (['tokenize'] as const) : [])];
  if (role === 'orm' || role === 'sorm') {
    switch (scoring) {
      case 'logprobs':
        // What a model says in a conversation can be sampled where its log-probabilities are not given.
        if (api === 'chat')
          return { needs, rollouts: [], uses: [...uses, 'logprobs', 'seed', 'n'] };
        needs.push('logprobs');
        return {
          needs,
          rollouts: [],
          uses: [...uses, ...(tokens ? (['labelLogprobs'] as const) : [])],
        };
      case 'prompt_logprobs':
        return {
          needs: [...needs, 'logprobs', 'promptLogprobs'],
          rollouts: [],
          uses: [...uses, 'labelLogprobs'],
        };
      case 'generative_scoring':
        return { needs: ['generativeScoring'], rollouts: [], uses: [] };
      default: {
        const spelt: Capability[] = scoring === 'pooling' && !tokens ? ['tokenize'] : [];
        return { needs: [scoring, ...spelt], rollouts: [], uses: [] };
      }
    }
  }
  return {
    needs,
    rollouts: role === 'student' && api === 'chat' ? ['continuation'] : [],
    uses: [
      ...uses,
      'seed',
      'n',
      ...(tokens ? (['tokenIds'] as const) : []),
      ...(role === 'local' && api === 'chat' ? (['continuation'] as const) : []),
    ],
  };
}

/** What a server would have to be able to do besides; empty where it can do all that is needed. */
export function lackingOf(
  { needs, ways = [] }: Pick<Wants, 'needs' | 'ways'>,
  can: Partial<Capabilities>,
): readonly Capability[] {
  const lacking = needs.filter((name) => !can[name]);
  if (lacking.length > 0 || ways.length === 0) return lacking;
  // Of several ways the last needs least of a server.
  return ways.some((way) => way.every((name) => can[name]))
    ? []
    : ways.at(-1)!.filter((name) => !can[name]);
}

/** A text with words, signs and digits, for tests of servers. */
export const probeText = 'Mia has 37 stamps. She buys 15 more. How many stamps does she have?';

export function probeOptions(
  role: string,
  served: ServedRole,
  tokenizer?: Tokenizer,
): ProbeOptions {
  const { model, api, spelling } = served;
  const card = cardOf(role, served);
  return {
    model,
    api: card ? apiOf(card) : api,
    text: probeText,
    encode: spelling === 'tokens' ? tokenizer?.encode : undefined,
  };
}

export type ServedModel = RoleModel & {
  readonly watch: Watch;
  readonly can: Partial<Capabilities>;
  /** The same model within one request of a user's. */
  within(circumstances: Circumstances): RoleModel;
};

/**
 * Opens a role's model on a server that has been tested for what the role needs.
 *
 * @throws GloreError `endpoint-lacks`, `endpoint-tokenizer`, and those of `Endpoint`
 */
export async function openServed(
  endpoint: Endpoint,
  role: TemplateRole,
  served: ServedRole,
  tokenizer: Tokenizer,
): Promise<ServedModel> {
  const reward = await openReward(endpoint, role, served);
  if (reward) return reward;
  if (served.spelling === 'text') return openServedText(endpoint, role, served);
  const can = await tested(endpoint, [role], served, probeOptions(role, served, tokenizer));
  if (can.tokenize) await checkTokenizer(endpoint, role, served, tokenizer);
  const { model, scoring, positive, price } = served;
  return new ServedTokens(endpoint, can, tokenizer, { model, scoring, positive, price });
}

/** The reward model of others that plays a role; undefined for another model. @throws as `openServed` */
export async function openReward(
  endpoint: Endpoint,
  role: TemplateRole,
  served: ServedRole,
): Promise<ServedReward | undefined> {
  const card = cardOf(role, served);
  if (card === undefined || (role !== 'orm' && role !== 'sorm')) return undefined;
  const can = await tested(endpoint, [role], served, probeOptions(role, served));
  const [route] = routesOf(card, served.scoring).find(([, needs]) =>
    needs.every((name) => can[name]),
  )!;
  const { model, price } = served;
  return new ServedReward(endpoint, can, { model, role, card, route, price });
}

/** A role's model that is spoken to in text, for which its tokenizer need not be known. @throws as `openServed` */
export async function openServedText(
  endpoint: Endpoint,
  role: TemplateRole,
  served: ServedRole,
  {
    known,
    verbatim,
  }: {
    /** What is known of the server already. */
    readonly known?: Partial<Capabilities>;
    readonly verbatim?: boolean;
  } = {},
): Promise<ServedText> {
  const { model, api, scoring, positive, price } = served;
  const can = known ?? (await tested(endpoint, [role], served, { model, api, text: probeText }));
  const template = templateOf(role, api, served.template);
  const readable = scoring === 'pooling' || scoring === 'classify' ? scoring : 'logprobs';
  return new ServedText(endpoint, can, {
    model,
    api,
    template,
    scoring: readable,
    positive,
    price,
    verbatim,
  });
}

/** What the server can do of what roles in text that one model plays want. @throws as `openServed` */
export const testedFor = (
  endpoint: Endpoint,
  roles: readonly TemplateRole[],
  served: ServedRole,
): Promise<Partial<Capabilities>> =>
  tested(endpoint, roles, served, { model: served.model, api: served.api, text: probeText });

/** What the server can do of what the roles want, all that they need among it. */
async function tested(
  endpoint: Endpoint,
  roles: readonly TemplateRole[],
  served: ServedRole,
  options: ProbeOptions,
): Promise<Partial<Capabilities>> {
  const wants = roles.map((role) => wantsOf(role, served));
  const role = roles[0]!;
  const wanted = [
    ...new Set(
      wants.flatMap(({ needs, ways = [], rollouts, uses }) => [
        ...[...needs, ...ways.flat(), ...rollouts, ...uses],
      ]),
    ),
  ];
  const { can, why } = await probe(endpoint, options, wanted).catch(async (error) => {
    const noModel = error instanceof EndpointError && error.fate === 'model';
    throw (noModel && (await otherModels(endpoint, role, served))) || error;
  });
  const lacking = [...new Set(wants.flatMap((one) => lackingOf(one, can)))];
  if (lacking.length === 0) return can;
  throw (
    (await otherModels(endpoint, role, served)) ??
    new GloreError(
      'endpoint-lacks',
      `models.${role}: expected endpoint ${endpoint.name} to have for model ${served.model}: ${lacking.join(', ')}, found that it has not${reasons(lacking, why)}; glore doctor shows what it has`,
    )
  );
}

/** " (chat: status 400, no such thing)" */
function reasons(lacking: readonly Capability[], why: Probed['why']): string {
  const said = lacking.flatMap((name) => (why[name] ? [`${name}: ${why[name]}`] : []));
  return said.length === 0 ? '' : ` (${said.join('; ')})`;
}

/** What is wrong where the server lists models, and the role's is not among them. */
async function otherModels(
  endpoint: Endpoint,
  role: TemplateRole,
  { model }: ServedRole,
): Promise<GloreError | undefined> {
  const { models = [] } = await listModels(endpoint);
  if (models.length === 0 || models.includes(model)) return undefined;
  return new GloreError(
    'endpoint-model',
    `the model of the role ${role}: expected one of the models of endpoint ${endpoint.name} (${shownModels(models)}), found "${model}"; name one of these, or serve the model under this name`,
  );
}

/** Some names, fit to be shown. */
const shownModels = (models: readonly string[]): string =>
  visible(models.slice(0, 20).join(', ')) + (models.length > 20 ? ', ...' : '');

async function checkTokenizer(
  endpoint: Endpoint,
  role: TemplateRole,
  { model }: ServedRole,
  tokenizer: Tokenizer,
): Promise<void> {
  const ids = await tokenize(endpoint, model, probeText);
  const expected = tokenizer.encode(probeText);
  if (ids.join() === expected.join()) return;
  throw new GloreError(
    'endpoint-tokenizer',
    `models.${role}: expected model ${model} of endpoint ${endpoint.name} to have the codec's tokenizer, found another (${JSON.stringify(probeText)} is ${ids.slice(0, 6).join(' ')} .. there and ${expected.slice(0, 6).join(' ')} .. here); serve a checkpoint of this codec, or set spelling: text`,
  );
}
