/** Asking the server that these pages come from. The key, where it wants one, is kept for this tab alone. */
import type { Failure } from '../../glore/src/view/wire.js';

const KEY = 'glore-key';

export const readKey = (): string => sessionStorage.getItem(KEY) ?? '';
export const keepKey = (key: string): void => sessionStorage.setItem(KEY, key.trim());

/** What a header may hold: no server has a key with anything else in it. */
const sendable = /^[\x20-\xff]*$/;

/** The server's refusal. `code` is stable: `invalid_api_key`, `run-unfinished`, .. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** @throws ApiFailure; `away` where nobody answers */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const key = readKey();
  if (!sendable.test(key)) {
    throw new ApiFailure(401, 'invalid_api_key', 'The key has characters that cannot be sent.');
  }
  const headers = new Headers(init.headers);
  if (key !== '') headers.set('authorization', `Bearer ${key}`);
  const response = await fetch(path, { ...init, headers }).catch((error: unknown) => {
    if (init.signal?.aborted) throw error;
    throw new ApiFailure(0, 'away', 'The server does not answer. Is it still running?');
  });
  if (response.ok) return response;
  const body = (await response.json().catch(() => undefined)) as Failure | undefined;
  const { message = response.statusText, code = null } = body?.error ?? {};
  throw new ApiFailure(response.status, code ?? String(response.status), message);
}

/** @throws ApiFailure */
export async function askJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await ask(path, signal ? { signal } : {});
  return (await response.json()) as T;
}
