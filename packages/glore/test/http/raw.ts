/** A server in this process whose every answer is written out, for what servers say besides completions. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RawAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON unless it is text or bytes. */
  readonly body?: unknown;
}

export interface Asked {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: IncomingMessage['headers'];
  /** How many were asked before. */
  readonly turn: number;
}

/** What is answered; undefined breaks the connection. */
export type Answering = (asked: Asked, response: ServerResponse) => RawAnswer | undefined;

export class RawServer {
  readonly asked: Asked[] = [];
  private readonly server;

  private constructor(answering: Answering) {
    this.server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request.setEncoding('utf8')) text += chunk;
      const path = request.url ?? '';
      const body = text === '' ? {} : (JSON.parse(text) as Asked['body']);
      const asked = { path, body, headers: request.headers, turn: this.asked.length };
      this.asked.push(asked);
      const answer = answering(asked, response);
      if (answer === undefined) {
        response.destroy();
        return;
      }
      const { status = 200, headers = {}, body: found } = answer;
      const raw = typeof found === 'string' || Buffer.isBuffer(found);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(raw ? found : JSON.stringify(found ?? {}));
    });
  }

  static async start(answering: Answering): Promise<RawServer> {
    const raw = new RawServer(answering);
    await new Promise<void>((listening) => raw.server.listen(0, '127.0.0.1', listening));
    return raw;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}

/** A completion, by chat where the path says so. */
export const completion = (path: string, text: unknown, more: object = {}): RawAnswer => ({
  body: {
    choices: [
      {
        index: 0,
        finish_reason: 'stop',
        ...(path.endsWith('chat/completions') ? { message: { content: text } } : { text }),
        ...more,
      },
    ],
  },
});

/** A chat's answer as a stream, word by word. */
export function streaming(text: string, usage: object): RawAnswer {
  const chunks = text.match(/\s*\S+/g)!.map((content) => ({ index: 0, delta: { content } }));
  const end = { index: 0, delta: {}, finish_reason: 'stop' };
  const events = [...[...chunks, end].map((one) => ({ choices: [one] })), { choices: [], usage }];
  return {
    headers: { 'content-type': 'text/event-stream' },
    body: [...events.map((event) => JSON.stringify(event)), '[DONE]']
      .map((data) => `data: ${data}\n\n`)
      .join(''),
  };
}
