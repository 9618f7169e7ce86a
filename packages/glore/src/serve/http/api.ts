/** What the pages ask for: `GET /api/..`. */
import type { Context, Hono } from 'hono';
import { compress } from 'hono/compress';
import { z } from 'zod';
import { GloreError } from '../../error.js';
import { version } from '../../package.js';
import { type About, problemFilters, type RunView } from '../../view/index.js';
import { ApiError } from '../protocol/index.js';
import { checkOrigin } from './caller.js';
import { Client } from './client.js';
import type { Served } from './log.js';
import type { ServerOptions, Shown } from './service.js';
import { Slots } from './slots.js';

/** Most that are worked on at once: each holds what it reads, and has its turn after as many others. */
const mostAtOnce = 8;
/** Most that wait for that: what some browsers ask, and little enough that the last need not wait long. */
const mostWaiting = 64;

/** Answers callers that are known already. */
export function serveApi(
  app: Hono<Served>,
  { playground, runs }: Shown,
  { cors, stall, parallel, queue }: ServerOptions,
): void {
  const slots = new Slots(Math.min(parallel, mostAtOnce), Math.min(queue, mostWaiting));
  app.use('/api/*', compress(), async (c, next) => {
    checkOrigin(c, cors);
    c.header('cache-control', 'no-store');
    await next();
  });
  const about: About = {
    version,
    ...(playground && { playground }),
    runs: runs.map(({ name }) => name),
  };
  app.get('/api/about', (c) => c.json(about));
  type Read = (run: RunView, c: Context<Served>, signal: AbortSignal) => Promise<object>;
  const answer = (path: string, read: Read) =>
    app.get(`/api/runs/:run${path}`, async (c) => {
      const run = runs[placeOf(c.req.param('run'))];
      if (!run) throw missing(`there is no run ${JSON.stringify(c.req.param('run'))}`, 'not_found');
      const abort = new AbortController();
      new Client(c.env.outgoing, stall, (reason) => abort.abort(reason));
      const release = await slots.take(1, abort.signal);
      try {
        return c.json(await read(run, c, abort.signal).catch(failed));
      } finally {
        release();
      }
    });
  answer('', (run) => run.state());
  answer('/report', (run) => run.report());
  answer('/curves', (run) => run.curves());
  answer('/labels', (run) => run.labels());
  answer('/problems', async (run, c, signal) =>
    run.problems(problemsQuery.parse(c.req.query()), signal),
  );
  answer('/problems/:index', async (run, c) => run.problem(placeOf(c.req.param('index')!)));
}

/** A place in a list; nothing stands at -1. */
const placeOf = (text: string): number => (/^\d{1,9}$/.test(text) ? Number(text) : -1);

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most, {
      error: `expected a whole number from ${least} to ${most}`,
    })
    .transform(Number);

const problemsQuery = z.strictObject({
  filter: z
    .enum(problemFilters, { error: `expected one of ${problemFilters.join(', ')}` })
    .optional(),
  search: z.string().max(1000, { error: 'expected at most 1000 characters' }).optional(),
  from: wholeNumber(0, 999_999_999).default(0),
  count: wholeNumber(1, 200).default(50),
});

const missing = (message: string, code: string): ApiError =>
  new ApiError(message, { status: 404, type: 'invalid_request_error', code });

/** What is not there, or not yet, is one thing, and a file that cannot be read another: that is the server's failure. */
function failed(error: unknown): never {
  if (!(error instanceof GloreError) || error instanceof ApiError) throw error;
  const { message, code } = error;
  if (code === 'run-unfinished' || code === 'problem-missing') throw missing(message, code);
  throw new ApiError(message, { status: 500, type: 'server_error', code }, { cause: error });
}
