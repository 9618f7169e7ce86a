/** Bodies of requests: of bounded size, each and together. */
import type { IncomingMessage } from 'node:http';
import { ApiError, clientGone, overloaded, tooLarge } from '../protocol/index.js';

/** Bytes of a body that is held whatever others are. */
const small = 64 * 2 ** 10;
/** So many of the largest bodies are held at once. */
const mostLarge = 16;
/** Bytes of refused bodies that are read a second, all together: who sends them waits, others do not. */
const thrownPerSecond = 16 * 2 ** 20;

export class Bodies {
  private readonly maxBody: number;
  /** Bytes of bodies that are not small. */
  private held = 0;
  /** When more of refused bodies may be read. */
  private throwsAt = 0;

  constructor(maxBody: number) {
    this.maxBody = maxBody;
  }

  /**
   * Reads a body, of JSON unless it may be anything, which counts until it is released. One that is too large is read to its end, if that is near, and
   * thrown away: who is still sending does not see an answer.
   *
   * @throws ApiError `content_type`, `body_too_large`, `overloaded`, `client_closed`; the signal's reason
   */
  read(incoming: IncomingMessage, signal: AbortSignal, anything = false): Promise<Buffer> {
    if (!anything) checkType(incoming);
    const declared = Number(incoming.headers['content-length'] ?? 0);
    if (declared > mostLarge * this.maxBody) throw tooLarge(this.maxBody);
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      let refused: ApiError | undefined =
        declared > this.maxBody ? tooLarge(this.maxBody) : undefined;
      const settle = () => {
        incoming.off('data', take).off('end', done).off('close', gone).off('error', gone);
        signal.removeEventListener('abort', given);
      };
      const drop = (reason: ApiError) => {
        refused = reason;
        chunks.length = 0;
        this.release(size);
      };
      const fail = (reason: unknown) => {
        settle();
        if (!refused) this.release(size);
        reject(reason);
      };
      const take = (chunk: Buffer) => {
        const sum = size + chunk.length;
        const more = counted(sum) - counted(size);
        if (sum > mostLarge * this.maxBody) return fail(tooLarge(this.maxBody));
        if (!refused) {
          if (sum > this.maxBody) drop(tooLarge(this.maxBody));
          else if (more > 0 && this.held + more > mostLarge * this.maxBody) drop(tooMany());
          else {
            this.held += more;
            chunks.push(chunk);
          }
        }
        size = sum;
        if (refused) this.throwAway(chunk.length, incoming);
      };
      const done = () => {
        if (refused) return fail(refused);
        settle();
        resolve(Buffer.concat(chunks));
      };
      const gone = () => fail(clientGone());
      const given = () => fail(signal.reason);
      incoming.on('data', take).on('end', done).on('close', gone).on('error', gone);
      signal.addEventListener('abort', given);
      if (signal.aborted) given();
    });
  }

  /** Has a refused body wait until it may go on. */
  private throwAway(bytes: number, incoming: IncomingMessage): void {
    const now = performance.now();
    this.throwsAt = Math.max(this.throwsAt, now) + (1000 * bytes) / thrownPerSecond;
    incoming.pause();
    setTimeout(() => incoming.resume(), this.throwsAt - now);
  }

  /** Lets go of a body of so many bytes. */
  release(size: number): void {
    this.held -= counted(size);
  }
}

const counted = (size: number): number => (size > small ? size : 0);

const tooMany = (): ApiError =>
  overloaded('the server holds as many large requests as it takes; ask again later');

/** JSON alone, so that a page in a browser asks for this server's consent first. */
function checkType({ headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? 'nothing';
  if (/^application\/json\b/i.test(type)) return;
  throw new ApiError(`content-type: expected application/json, found ${type}`, {
    status: 415,
    type: 'invalid_request_error',
    code: 'content_type',
  });
}
