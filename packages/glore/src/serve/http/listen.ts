/** The socket that the server listens on, and what comes in on it that is no request. */
import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { GloreError } from '../../error.js';
import { ApiError } from '../protocol/index.js';
import { type Log, type Served, writeLine } from './log.js';

/** @throws GloreError `address` */
export function listen(
  app: Hono<Served>,
  { host, port, log }: { readonly host: string; readonly port: number; readonly log: Log },
): Promise<Server> {
  const answer = getRequestListener(app.fetch as Parameters<typeof getRequestListener>[0], {
    hostname: host,
    errorHandler: (error) => {
      const failure = malformed(400, (error as Error).message);
      writeLine(log, { status: 400 }, failure);
      return new Response(JSON.stringify(failure.body), {
        status: 400,
        headers: { 'content-type': 'application/json' },
      });
    },
  });
  // Who asks for which name is seen to where callers are; Node's own answer says nothing.
  const server = createServer({ requireHostHeader: false }, answer);
  // Node's 5 seconds end connections that a client is about to use again; it can only ask anew.
  server.keepAliveTimeout = 60_000;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    refuseBytes(error, socket as Socket, log);
  });
  server.on('checkExpectation', (_, response) => {
    const failure = malformed(417, 'an expectation other than 100-continue');
    writeLine(log, { status: 417 }, failure);
    const body = JSON.stringify(failure.body);
    response.writeHead(417, {
      connection: 'close',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  });
  server.on('connect', (_, socket) => {
    refuseSocket(socket as Socket, malformed(405, 'CONNECT, and this is no proxy'), log);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new GloreError(
          'address',
          `${host}:${port}: expected an address to listen on, found ${cause.code}; choose another --port or --host`,
          { cause },
        ),
      ),
    );
    server.listen(port, host, () => resolve(server));
  });
}

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers bytes that are no request, as Node would, and logs them. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Socket, log: Log): void {
  // A connection that broke off is no request either, and nobody is there to be answered.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  refuseSocket(socket, malformed(statuses[error.code ?? ''] ?? 400, error.message), log);
}

function refuseSocket(socket: Socket, failure: ApiError, log: Log): void {
  const { status } = failure.refusal;
  writeLine(log, { status }, failure);
  const body = JSON.stringify(failure.body);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

const malformed = (status: number, found: string): ApiError =>
  new ApiError(`expected a request of HTTP/1.1, found one that cannot be read: ${found}`, {
    status,
    type: 'invalid_request_error',
    code: 'malformed',
  });
