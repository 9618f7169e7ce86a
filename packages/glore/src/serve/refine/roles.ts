/** The models that requests name, and the ids in them. */
import { EngineError } from '@glore/engine';
import { roleNames } from '../../model/index.js';
import type { Hosted, HostedRole } from '../batch/index.js';
import { ApiError, invalid } from '../protocol/index.js';
import { refiningModel } from './refining.js';

/** The model of this process that a request names. @throws ApiError `model_not_found` */
export function roleOf(hosted: Hosted, name: string): HostedRole {
  const role = Object.entries(hosted.roles).find(([known]) => known === name)?.[1];
  if (role) return role;
  throw noModel(name);
}

/** Of what is the same for all models. @throws ApiError `model_not_found` for a name that no model can have */
export function checkName(name: string | null | undefined): void {
  const known: readonly string[] = [refiningModel, ...roleNames];
  if (name != null && !known.includes(name)) throw noModel(name);
}

const noModel = (name: string): ApiError =>
  new ApiError(
    `model: expected one of ${refiningModel}, ${roleNames.join(', ')}, found ${JSON.stringify(name)}`,
    { status: 404, type: 'invalid_request_error', code: 'model_not_found', param: 'model' },
  );

/** @throws ApiError `invalid_value` for an id in the field `param` that is none of the model's */
export const checkIds = ({ batcher }: HostedRole, ids: readonly number[], param: string): void =>
  named(param, () => batcher.checkIds(ids));

/** What has nothing to read in the field `param`. */
export const empty = (param: string): ApiError =>
  invalid(
    `${param}: expected text or token ids, found an empty ${param.replace(/s$/, '')}`,
    'invalid_value',
    param,
  );

/** @throws ApiError `invalid_value`, `context_length_exceeded`; `param` is the field that the sequence is from */
export function checkSequence(
  { batcher }: HostedRole,
  tokens: readonly number[],
  { param, most }: { readonly param: string; readonly most: number },
): void {
  if (tokens.length === 0) throw empty(param);
  named(param, () => batcher.check(tokens, most));
}

/** What is refined. */
export interface Questions {
  readonly texts: readonly string[];
  /** Tokens of all of them; where they are counted by a server, what all roles have read takes their place. */
  readonly promptTokens?: number;
  /** Of the models. */
  readonly fingerprint: string;
}

/** Questions that the refining model is asked, with room for a token. @throws ApiError as `checkSequence` */
export function questionsFor(
  { codec, roles: { student } }: Hosted,
  texts: readonly string[],
  param: string,
): Questions {
  // What a server's model reads, its server counts.
  if (!student) return { texts, fingerprint: 'served' };
  const most = student.batcher.config.maxPositions - 1;
  let promptTokens = 0;
  for (const text of texts) {
    const prompt = codec.prompt(text);
    checkSequence(student, prompt, { param, most });
    promptTokens += prompt.length;
  }
  return { texts, promptTokens, fingerprint: student.fingerprint };
}

/** Does what may throw the engine's errors about sequences, which do not know whence they come. */
function named(param: string, check: () => void): void {
  try {
    check();
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    const long = cause.code === 'length';
    throw invalid(
      `${param}: ${cause.message}${long ? '; shorten it' : ''}`,
      long ? 'context_length_exceeded' : 'invalid_value',
      param,
    );
  }
}
