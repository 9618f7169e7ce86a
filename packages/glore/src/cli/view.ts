/** `glore view`: runs in a browser, finished or going on, without their models. */
import { Command } from 'commander';
import { serverDefaults, startViewer } from '../serve/index.js';
import { openViews } from '../view/index.js';
import { visibleJson } from '../visible.js';
import { readKey, serveUntilStopped } from './listening.js';
import { wholeNumber } from './options.js';

interface Options {
  readonly host: string;
  readonly port: number;
  readonly keyEnv: string;
  readonly json?: true;
}

/** Beside a `glore serve` at its own. */
const PORT = 8100;

export function viewCommand(): Command {
  const command = new Command('view');
  return command
    .description('show runs in a browser, also one that is going on')
    .argument('[run...]', 'folders of runs (default: runs/tiny)')
    .option(
      '--host <address>',
      'address to listen on; any but this machine needs a key',
      serverDefaults.host,
    )
    .option('--port <n>', 'port to listen on; 0 takes a free one', wholeNumber(0, 65_535), PORT)
    .option(
      '--key-env <name>',
      'environment variable that holds the key to ask for',
      'GLORE_API_KEY',
    )
    .option('--json', 'print where the pages are as JSON')
    .addHelpText(
      'after',
      `
Examples:
  glore view
  glore view runs/tiny --port 8080
  glore view runs/tiny runs/tiny-quick
  glore view runs/tiny --port 0 --json
  GLORE_API_KEY=... glore view runs/tiny --host 0.0.0.0

Open the address that is printed. Nothing is changed in the folders, and no model is read; to ask the models of a
finished run as well: glore serve runs/tiny. docs/viewing.md says what is shown.`,
    )
    .action(async (given: readonly string[], options: Options) => {
      const folders = given.length === 0 ? ['runs/tiny'] : given;
      const { host, port } = options;
      const key = readKey(options.keyEnv, command.getOptionValueSource('keyEnv') !== 'default');
      const runs = await openViews(folders);
      // Pages ask often, and what they ask for is not worth a line; what went wrong is.
      const log = (line: object) => {
        if ('cause' in line) process.stderr.write(`${visibleJson(line)}\n`);
      };
      const running = await startViewer(runs, { host, port, key, log });
      const pages = `${running.url}/`;
      await serveUntilStopped(
        running,
        options.json
          ? visibleJson({ pages, key: key !== undefined })
          : `${folders.join(' and ')}: open ${pages}${key === undefined ? '' : ', key required'}; Ctrl-C stops`,
        0,
      );
    });
}
