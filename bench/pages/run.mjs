/**
 * The pages in a real browser on this machine: how large they are, when they first show something, and what many problems cost.
 *
 *   npm run bench:pages                            of runs/tiny, with 100,000 problems made of its own
 *   npm run bench:pages -- --run runs/tiny-quick --problems 20000
 *
 * Pauses are those of the browser's main thread (long tasks, from 50 ms on) and of the server's event loop (from 20 ms on).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { openBrowser } from '../../packages/web/browser.mjs';
import { makeMany } from './many.mjs';

const { values } = parseArgs({
  options: {
    run: { type: 'string', default: 'runs/tiny' },
    problems: { type: 'string', default: '100000' },
    times: { type: 'string', default: '7' },
  },
});
const root = fileURLToPath(new URL('../..', import.meta.url));
const run = resolve(root, values.run);
if (!existsSync(join(run, 'report.json'))) {
  console.error(`--run ${values.run}: expected a finished run, found none; make one: npm start`);
  process.exit(2);
}
const app = join(root, 'packages/glore/web/app');
const files = readdirSync(app, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
const sizes = [gzipSync, brotliCompressSync].map((compress) =>
  files.reduce((sum, path) => sum + compress(readFileSync(path)).length, 0),
);
console.log(`all files: ${sizes[0]} bytes as gzip, ${sizes[1]} as brotli`);

/** The server's longest pause since this was last set to 0, in milliseconds. */
let pause = 0;

const folder = mkdtempSync(join(tmpdir(), 'glore-pages-'));
const browser = await openBrowser();
try {
  const { url, child } = await view(run);
  const paints = [];
  for (let i = 0; i < Number(values.times); i++) paints.push(await firstPaint(url));
  paints.sort((a, b) => a - b);
  console.log(
    `first contentful paint, nothing cached: ${Math.round(paints[Math.floor(paints.length / 2)])} ms (${Math.round(paints[0])} to ${Math.round(paints.at(-1))}, ${paints.length} times)`,
  );
  child.kill('SIGTERM');

  const many = join(folder, 'many');
  await makeMany(run, many, Number(values.problems));
  await measureMany(many);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}

async function view(path) {
  const pauses = new URL('pauses.mjs', import.meta.url).href;
  const child = spawn(
    process.execPath,
    [
      ...['--import', pauses, 'packages/glore/bin/glore.js'],
      ...['view', path, '--port', '0', '--json'],
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, GLORE_API_KEY: '' } },
  );
  process.once('exit', () => child.kill('SIGTERM'));
  child.stderr.setEncoding('utf8').on('data', (text) => {
    for (const [, ms] of text.matchAll(/^pause (\d+)$/gm)) pause = Math.max(pause, Number(ms));
  });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { url: JSON.parse(line).pages, child };
}

async function firstPaint(url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  const at = await page.evaluate(
    () =>
      new Promise((done) => {
        new PerformanceObserver((list) => {
          for (const { name, startTime } of list.getEntries())
            if (name === 'first-contentful-paint') done(startTime);
        }).observe({ type: 'paint', buffered: true });
      }),
  );
  await context.close();
  return at;
}

/** Goes through the list of problems as a person would, and looks at who is held up. */
async function measureMany(path) {
  const { url, child } = await view(path);
  const page = await browser.newPage();
  await page.addInitScript(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries())
        globalThis.longest = Math.max(globalThis.longest, duration);
    }).observe({ type: 'longtask', buffered: true });
  });
  const did = async (what, act) => {
    pause = 0;
    await page.evaluate(() => {
      globalThis.longest = 0;
    });
    const began = performance.now();
    await act();
    const took = performance.now() - began;
    // Long tasks are told of after they have ended.
    await sleep(200);
    const longest = await page.evaluate(() => globalThis.longest);
    console.log(
      `${what}: ${Math.round(took)} ms; longest task of the page ${Math.round(longest)} ms, longest pause of the server ${pause} ms`,
    );
  };
  await page.goto(url);
  const shown = (text) => page.getByText(text).first().waitFor();
  const total = Number(values.problems).toLocaleString('en');
  await did('the list, its index built', async () => {
    await page.goto(`${url}#/runs/0/problems`);
    await shown(`of ${total}`);
  });
  await did('the next page', async () => {
    await page.getByRole('link', { name: /next/ }).first().click();
    await shown('51–100');
  });
  await did('a search', async () => {
    await page.getByRole('searchbox').fill('twice');
    await page.waitForFunction(
      (before) => !document.body.innerText.includes(before),
      `of ${total}`,
    );
  });
  child.kill('SIGTERM');
}
