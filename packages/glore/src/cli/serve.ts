/** `glore serve`: the models of a finished run behind OpenAI's interface. */
import { availableProviders, type Provider } from '@glore/engine';
import { Command, Option } from 'commander';
import type { RefineOptions } from '../refine/index.js';
import {
  hostBase,
  hostRun,
  hostUpstream,
  seenOf,
  serverDefaults,
  startServer,
  startService,
  startTracing,
} from '../serve/index.js';
import { visibleJson } from '../visible.js';
import { exampleQuestion, wordProblem } from './example.js';
import { readKey, serveUntilStopped } from './listening.js';
import { wholeNumber } from './options.js';
import {
  checkUpstream,
  modes,
  type UpstreamFlags,
  upstreamOf,
  upstreamOptions,
} from './upstream.js';

interface Options extends UpstreamFlags {
  readonly base?: string;
  readonly host: string;
  readonly port: number;
  readonly keyEnv: string;
  readonly cors: readonly string[];
  readonly workers: number;
  readonly provider?: Provider;
  readonly bits?: '8' | '32';
  readonly parallel: number;
  readonly queue: number;
  readonly timeout: number;
  readonly stall: number;
  readonly drain: number;
  readonly maxBody: number;
  readonly maxText: number;
  readonly maxChoices: number;
  readonly maxAnswer: number;
  readonly maxUnread: number;
  readonly logPrompts?: true;
  readonly json?: true;
  readonly mode?: RefineOptions['mode'];
}

const defaults = serverDefaults;
const MiB = 2 ** 20;
/** So many times as large may requests be with a server behind: images and documents pass through. */
const LARGER = 32;

export function serveCommand(): Command {
  const command = new Command('serve');
  return upstreamOptions(command)
    .description('serve the models of a finished run, or any server refined, over HTTP')
    .argument('[run]', 'folder of a finished run (default: runs/tiny)')
    .addOption(
      new Option(
        '--mode <mode>',
        'with --upstream: how answers are refined (default: vote)',
      ).choices(modes),
    )
    .option('--base <checkpoint>', 'serve one checkpoint in all roles instead, to try things out')
    .option(
      '--host <address>',
      'address to listen on; any but this machine needs a key',
      defaults.host,
    )
    .option(
      '--port <n>',
      'port to listen on; 0 takes a free one',
      wholeNumber(0, 65_535),
      defaults.port,
    )
    .option(
      '--key-env <name>',
      'environment variable that holds the key to ask for',
      'GLORE_API_KEY',
    )
    .addOption(
      new Option('--cors <origin>', 'let pages of this origin ask; may be given several times')
        .argParser((origin: string, before: readonly string[]) => [...before, origin])
        .default(defaults.cors, 'none'),
    )
    .option('--workers <n>', 'threads of each model', wholeNumber(1, 1024), defaults.workers)
    .addOption(
      new Option(
        '--provider <name>',
        'where models compute (default: the recipe, or the CPU)',
      ).choices(availableProviders()),
    )
    .addOption(
      new Option(
        '--bits <n>',
        'of the numbers that they multiply: 8 is faster and not quite the same (default: the recipe, or 32)',
      ).choices(['8', '32']),
    )
    .option(
      '--parallel <n>',
      'requests worked on at once; a large one counts as several',
      wholeNumber(1, 1e6),
      defaults.parallel,
    )
    .option(
      '--queue <n>',
      'requests that may wait for their turn; more are sent away',
      wholeNumber(0, 1e6),
      defaults.queue,
    )
    .option('--timeout <seconds>', 'for one request', wholeNumber(1, 86_400), defaults.timeout)
    .option(
      '--stall <seconds>',
      'for which a client may read nothing of its answer before it is cut off',
      wholeNumber(1, 86_400),
      defaults.stall,
    )
    .option(
      '--drain <seconds>',
      'to finish what is in flight after Ctrl-C',
      wholeNumber(0, 86_400),
      defaults.drain,
    )
    .option(
      '--max-body <MiB>',
      `size of a request; with --upstream ${LARGER * (defaults.maxBody / MiB)}, if left out`,
      wholeNumber(1, 1024),
      defaults.maxBody / MiB,
    )
    .option(
      '--max-text <n>',
      `characters and list entries of a request; with --upstream ${LARGER * defaults.maxText}, if left out`,
      wholeNumber(1, 1e9),
      defaults.maxText,
    )
    .option(
      '--max-choices <n>',
      'choices of a request, over all its prompts',
      wholeNumber(1, 1e6),
      defaults.maxChoices,
    )
    .option(
      '--max-answer <n>',
      'tokens of an answer, each log-probability counted too',
      wholeNumber(1, 1e9),
      defaults.maxAnswer,
    )
    .option(
      '--max-unread <MiB>',
      'of a stream that may wait for its client before it is cut off',
      wholeNumber(1, 1024),
      defaults.maxUnread / MiB,
    )
    .option('--log-prompts', 'write requests into the log, with all that is in them')
    .option('--json', 'print where the server listens as JSON')
    .addHelpText('after', examples)
    .action(async (run: string | undefined, options: Options) => {
      if ([run, options.base, options.upstream].filter((one) => one !== undefined).length > 1) {
        command.error(
          "error: give one of a run folder, '--base <checkpoint>' and '--upstream <url>'",
        );
      }
      checkUpstream(command, options);
      if (options.mode !== undefined && options.upstream === undefined) {
        command.error("error: option '--mode <mode>' is for a server; add --upstream <url>");
      }
      const key = readKey(options.keyEnv, command.getOptionValueSource('keyEnv') !== 'default');
      const { base, workers, provider, upstream } = options;
      const bits = options.bits && (Number(options.bits) as 8 | 32);
      const log = (line: object) => process.stderr.write(`${visibleJson(line)}\n`);
      const endTracing = await startTracing((warning) => log({ warning }));
      const factor = (option: 'maxBody' | 'maxText') =>
        upstream !== undefined && command.getOptionValueSource(option) === 'default' ? LARGER : 1;
      const settings = {
        ...options,
        key,
        maxBody: options.maxBody * MiB * factor('maxBody'),
        maxText: options.maxText * factor('maxText'),
        maxUnread: options.maxUnread * MiB,
        logPrompts: options.logPrompts ?? defaults.logPrompts,
        log,
      };
      const onWait = (note: string) => log({ note });
      const running =
        upstream === undefined
          ? await startServer(
              (onBatch) =>
                base === undefined
                  ? hostRun(run ?? 'runs/tiny', { workers, provider, bits, onBatch, note: onWait })
                  : hostBase(base, { workers, provider, bits, onBatch }),
              settings,
              async () =>
                base === undefined
                  ? seenOf(run ?? 'runs/tiny')
                  : { over: base, examples: [exampleQuestion] },
            )
          : await startService(
              () =>
                hostUpstream({
                  ...upstreamOf(upstream, options),
                  ...{ mode: options.mode, samples: options.samples, answerBudget: options.budget },
                  onWait,
                  examples: [wordProblem],
                }),
              settings,
            );
      const what = upstream === undefined ? (base ?? run ?? 'runs/tiny') : `${upstream}, refined,`;
      const [url, pages] = [`${running.url}/v1`, `${running.url}/`];
      try {
        await serveUntilStopped(
          running,
          options.json
            ? visibleJson({ url, pages, key: key !== undefined })
            : `serving ${what} at ${url}, pages at ${pages}${key === undefined ? '' : ', key required'}; Ctrl-C stops`,
          options.drain,
        );
      } finally {
        await endTracing();
      }
    });
}

const examples = `
Examples:
  glore serve --upstream http://localhost:8000/v1 --port 8080
  glore serve --upstream https://api.example.org/v1 --key EXAMPLE_KEY --model m --mode gate --budget 4000,60s
  glore serve --upstream http://localhost:8000/v1 --critic http://localhost:8001/v1#judge
  glore serve
  glore serve runs/tiny --port 8080
  glore serve --base checkpoints/base --port 0 --json
  glore serve --cors http://localhost:5173
  GLORE_API_KEY=... glore serve runs/tiny --host 0.0.0.0

  curl http://127.0.0.1:8000/v1/chat/completions -H 'content-type: application/json' -d '{
    "model": "glore",
    "messages": [{"role": "user", "content": "${exampleQuestion}"}]
  }'

Over a server, problems are refined and all else passes through; the header x-glore of an answer says which.
Models of a run: glore (draft, when, where, how, choice), student, orm, sorm, global, local.
Pages in a browser: a playground that shows how an answer came about, and the run.
Paths: /v1/models, /v1/completions, /v1/chat/completions, /generative_scoring, /pooling, /tokenize, /detokenize,
/health, /metrics. One JSON line a request is logged on standard error. docs/serving.md has the rest.`;
