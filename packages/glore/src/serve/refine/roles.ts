/** The models that requests name, and the ids in them. */
import { EngineError } from '@glore/engine';
import { roleNames } from '../../model/index.js';
import type { Hosted, HostedRole } from '../batch/index.js';
import { ApiError, invalid } from '../protocol/index.js';

/** The model that a request names. @throws ApiError `model_not_found` */
export function roleOf(hosted: Hosted, name: string): HostedRole {
  const role = Object.entries(hosted.roles).find(([known]) => known === name)?.[1];
  if (role) return role;
  throw new ApiError(
    `model: expected one of glore, ${roleNames.join(', ')}, found ${JSON.stringify(name)}`,
    { status: 404, type: 'invalid_request_error', code: 'model_not_found', param: 'model' },
  );
}

/** @throws ApiError `invalid_value` for an id in the field `param` that is none of the model's */
export function checkIds({ batcher }: HostedRole, ids: readonly number[], param: string): void {
  try {
    batcher.checkIds(ids);
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw invalid(`${param}: ${cause.message}`, 'invalid_value', param);
  }
}
