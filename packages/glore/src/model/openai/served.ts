/** What models on a server have in common, whatever they are asked in. */
import type { Answers } from '../types.js';
import type { Message } from './answers.js';
import type { Asked } from './kept.js';
import type { Capabilities } from './probe.js';
import { Watch } from './watch.js';

/** What one request of a user's changes for a role. */
export interface Circumstances {
  /** Gives what is asked in the place of the endpoint. */
  readonly through?: ((endpoint: Asked) => Asked) | undefined;
  /** What was said before the question. */
  readonly before?: readonly Message[] | undefined;
  /** Fields of the user's request that sampling is left to: `top_p`, .. */
  readonly sampling?: Readonly<Record<string, unknown>> | undefined;
}

export abstract class Served<Options> {
  readonly watch = new Watch();
  readonly can: Partial<Capabilities>;
  protected readonly endpoint: Asked;
  protected readonly options: Options;
  protected readonly answers: Answers | undefined = undefined;
  protected readonly circumstances: Circumstances = {};

  constructor(endpoint: Asked, can: Partial<Capabilities>, options: Options) {
    this.endpoint = endpoint;
    this.can = can;
    this.options = options;
  }

  keeping(answers: Answers): this {
    return this.but({ answers });
  }

  /** The same model within one request of a user's. */
  within(circumstances: Circumstances): this {
    const { through = (endpoint: Asked) => endpoint } = circumstances;
    return this.but({ endpoint: through(this.endpoint), circumstances });
  }

  /** The endpoint is whoever's opened it. */
  async close(): Promise<void> {}

  /** The same model, watched as one with it, with other fields. */
  private but(fields: {
    readonly endpoint?: Asked;
    readonly answers?: Answers;
    readonly circumstances?: Circumstances;
  }): this {
    return Object.assign(Object.create(Object.getPrototypeOf(this)), this, fields);
  }
}
