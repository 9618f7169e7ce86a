/**
 * Takes the pictures of the pages that README and docs/viewing.md show, of a finished run, into docs/:
 *
 *   npm run screenshots                    of runs/tiny
 *   npm run screenshots -- runs/tiny-quick
 *
 * It needs a Chromium: that of /usr/bin, or GLORE_BROWSER.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openBrowser } from '../packages/web/browser.mjs';

const root = resolve(import.meta.dirname, '..');
/** As it is named it is in the pictures. */
const named = process.argv[2] ?? 'runs/tiny';
const run = resolve(root, named);
const main = join(root, 'packages/glore/bin/glore.js');
if (!existsSync(join(run, 'report.json')))
  fail(`${run}: expected a finished run, found none; make one: npm start`);
const folder = mkdtempSync(join(tmpdir(), 'glore-screenshots-'));
const server = spawn(process.execPath, [main, 'serve', named, '--port', '0', '--json'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'ignore'],
  env: { ...process.env, GLORE_API_KEY: '' },
});
const browser = await openBrowser();
try {
  const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
  const { pages } = JSON.parse(line);
  const page = await browser.newPage({
    viewport: { width: 1200, height: 760 },
    deviceScaleFactor: 1.5,
    colorScheme: 'light',
  });
  const take = (name) => page.screenshot({ path: join(root, 'docs', `${name}.png`) });

  await page.goto(pages);
  await page.getByLabel('Question', { exact: true }).fill(questionToShow());
  await page.getByLabel('Question', { exact: true }).press('Control+Enter');
  await page.locator('.why').first().waitFor();
  await settled(page);
  await take('playground');

  await page.goto(`${pages}#/runs/0`);
  await page.getByRole('img').first().waitFor();
  await settled(page);
  await take('viewer');

  const report = join(folder, 'report.html');
  const making = spawn(process.execPath, [main, 'report', '--run', run, '--html', report], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(making, 'exit');
  if (code !== 0) fail('glore report --html: expected a page, found that it ended with an error');
  await page.goto(pathToFileURL(report).href);
  await page.getByRole('img').first().waitFor();
  await page
    .getByRole('heading', { name: 'Critics' })
    .evaluate((heading) => heading.scrollIntoView());
  await settled(page);
  await take('report');
} finally {
  await browser.close();
  server.kill('SIGTERM');
  rmSync(folder, { recursive: true });
}

/** A test problem whose draft is wrong, whose first error the SORM sees, and whose local refinement is chosen and right. */
function questionToShow() {
  const records = (name) =>
    readFileSync(join(run, name), 'utf8')
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text));
  const problems = new Map(records('problems/test.jsonl').map((one) => [one.id, one.question]));
  const refined = records('evaluation/test.refinements.jsonl');
  const shown =
    refined.find(
      ({ decision: { candidates, choice, location }, local }) =>
        location > 2 && candidates[choice].source === 'local' && local.right,
    ) ?? refined.find(({ decision }) => decision.candidates.length === 3);
  return problems.get((shown ?? refined[0]).problem);
}

/** What moves has come to rest. */
async function settled(page) {
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(500);
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
