/** What is passed through: a request as it came, and the server's answer as it comes. */
import { type Endpoint, Unreadable } from '../../model/openai/index.js';
import { type Answer, ApiError, type Exchange } from '../protocol/index.js';

/** Headers that are between two hosts alone, or are set anew. */
const own = new Set([
  ...['host', 'connection', 'keep-alive', 'transfer-encoding', 'content-length', 'upgrade', 'te'],
  ...[
    'trailer',
    'expect',
    'proxy-authorization',
    'proxy-authenticate',
    'authorization',
    'x-api-key',
  ],
]);

/** What a header may hold: whoever reads and writes other characters makes others of them on the way. */
const writable = /^[\t\x20-\x7e]*$/;

/** @throws ApiError `upstream` where the server does not answer, or in a way that cannot be handed on */
export async function passThrough(
  endpoint: Endpoint,
  exchange: Exchange,
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const { asked, signal } = exchange;
  const handed = Object.entries(asked.headers).flatMap(([name, value]) =>
    own.has(name.toLowerCase()) || value === undefined ? [] : [[name, value] as const],
  );
  const hasBody = asked.method !== 'GET' && asked.method !== 'HEAD' && body.length > 0;
  const passed = await endpoint
    .pass({
      method: asked.method,
      // Below `/v1` as its address says, else the server's own.
      path: asked.path.startsWith('/v1/') ? asked.path.slice('/v1/'.length) : asked.path,
      headers: Object.fromEntries(handed),
      body: hasBody ? body : null,
      signal,
    })
    .catch((cause: unknown) => {
      const found = cause instanceof Unreadable ? cause.message : 'none';
      throw failed(exchange, endpoint, found, cause);
    });
  async function* answer() {
    try {
      yield* passed.body;
    } catch (cause) {
      throw failed(exchange, endpoint, 'one that broke off', cause);
    }
  }
  const answered = Object.entries(passed.headers).flatMap(([name, value]) =>
    own.has(name.toLowerCase()) ||
    // Which pages may ask is said here.
    name.toLowerCase().startsWith('access-control-') ||
    value === undefined ||
    !writable.test([value].flat().join())
      ? []
      : [[name, [value].flat().join(', ')] as const],
  );
  return {
    passed: { ...passed, body: answer() },
    headers: { ...Object.fromEntries(answered), ...headers },
  };
}

/** What to throw where a server has not answered; the signal's reason where nobody waits for it any more. */
function failed({ signal }: Exchange, { name }: Endpoint, found: string, cause: unknown): unknown {
  if (signal.aborted) return signal.reason;
  return new ApiError(
    `expected an answer of the server at ${name}, found ${found}; start it, or look whether it is the right address`,
    { status: 502, type: 'server_error', code: 'upstream', retryAfter: 5 },
    { cause },
  );
}
