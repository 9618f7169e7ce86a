/** What is answered where, to whom. */
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { ApiError, toApiError } from '../protocol/index.js';
import { serveApi } from './api.js';
import { checkCaller, checkOrigin } from './caller.js';
import { handle, type State } from './handle.js';
import { logged, refuse, type Served } from './log.js';
import { secured, servePages } from './pages.js';
import type { ServerOptions, Service } from './service.js';

export { listen } from './listen.js';

export function application(service: Service, options: ServerOptions, state: State): Hono<Served> {
  const app = new Hono<Served>();
  app.onError((error, c) => refuse(c, toApiError(error)));
  app.notFound((c) =>
    refuse(
      c,
      new ApiError(`${c.req.method} ${c.req.path}: there is nothing here`, {
        status: 404,
        type: 'invalid_request_error',
        code: 'not_found',
      }),
    ),
  );
  app.use(logged(options.log));
  if (options.cors.length > 0) app.use(forPages(options.cors));
  app.get('/health', (c) => {
    if (service.failed()) return c.json({ status: 'failed' }, 503);
    return state.draining ? c.json({ status: 'stopping' }, 503) : c.json({ status: 'ok' });
  });
  if (service.pages) {
    servePages(app, options.key);
    app.use('/api/*', secured());
  }
  app.use(async (c, next) => {
    checkCaller(c, options.key);
    await next();
  });
  if (service.pages) serveApi(app, service.pages, options);
  app.get('/metrics', (c) =>
    c.text(state.metrics.text(), 200, { 'content-type': 'text/plain; version=0.0.4' }),
  );
  app.get('/v1/models', async (c) => c.json({ object: 'list', data: await service.models() }));
  app.get('/v1/models/:id{.+}', async (c) => {
    const model = (await service.models()).find(({ id }) => id === c.req.param('id'));
    if (model) return c.json(model);
    throw new ApiError(`there is no model ${JSON.stringify(c.req.param('id'))}`, {
      status: 404,
      type: 'invalid_request_error',
      code: 'model_not_found',
      param: 'model',
    });
  });
  for (const route of service.routes) app.post(route.path, handle(route, options, state));
  if (service.others) {
    app.all(
      service.others.path,
      async (c, next) => {
        // A page needs no consent to send what is no JSON, and without a key nothing else holds it back.
        if (options.key === undefined) checkOrigin(c, options.cors);
        await next();
      },
      handle(service.others, options, state),
    );
  }
  return app;
}

/** Answers what browsers ask before they let a page ask. The key is asked for as ever. */
const forPages = (origins: readonly string[]) =>
  cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST'],
    exposeHeaders: ['x-request-id', 'retry-after'],
    maxAge: 600,
  });
