/** The five roles on one server, in text: any model that follows instructions, or five that were trained for them. */
import {
  GlobalRefiner,
  LocalRefiner,
  RewardModel,
  type RoleName,
  type Roles,
  roleNames,
  Student,
} from '../roles.js';
import { Endpoint, type EndpointOptions } from './endpoint.js';
import { openServedText } from './open.js';
import type { GivenTemplate } from './template.js';
import type { ServedText } from './text.js';

export interface OpenServerOptions extends Omit<EndpointOptions, 'name'> {
  /** One model for all roles, or a model for each. */
  readonly model: string | Readonly<Record<RoleName, string>>;
  /** `chat`, if left out, for models that follow instructions; `completions` for those trained on the codec's text. */
  readonly api?: 'chat' | 'completions';
  /** How roles are put in words; what is left out is built in. */
  readonly templates?: Readonly<Partial<Record<RoleName, GivenTemplate>>>;
  /** Most tokens of a solution; 512 if left out. */
  readonly maxTokens?: number;
}

/**
 * Opens the five roles on a server that speaks OpenAI's interface. Critics are read from the log-probabilities of their
 * labels.
 *
 * @throws GloreError `endpoint-lacks` naming what the server cannot do; `endpoint-model`, and those of `Endpoint`
 */
export async function openServer(
  options: OpenServerOptions,
): Promise<{ readonly roles: Roles; close(): Promise<void> }> {
  const { model, api = 'chat', templates = {}, maxTokens = 512, ...connection } = options;
  const { url } = connection;
  const name = /^https?:/.test(url) && URL.canParse(url) ? new URL(url).host : 'url';
  const endpoint = new Endpoint({ ...connection, name });
  const open = async (role: RoleName): Promise<[RoleName, ServedText]> => {
    const name = typeof model === 'string' ? model : model[role];
    const opened = await openServedText(endpoint, role, {
      model: name,
      api,
      spelling: 'text',
      scoring: 'logprobs',
      positive: 1,
      template: templates[role],
    });
    return [role, opened];
  };
  try {
    const opened = await Promise.all(roleNames.map(open));
    const { student, orm, sorm, global, local } = Object.fromEntries(opened) as Record<
      RoleName,
      ServedText
    >;
    return {
      roles: {
        student: new Student(student.author(), maxTokens),
        orm: new RewardModel(orm.critic()),
        sorm: new RewardModel(sorm.critic()),
        global: new GlobalRefiner(global.author(), maxTokens),
        local: new LocalRefiner(local.author(), maxTokens),
      },
      close: () => endpoint.close(),
    };
  } catch (error) {
    await endpoint.close();
    throw error;
  }
}
