/** Pages in a real browser, and what is wrong with them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A page that keeps what went wrong in it: errors, refusals of the content security policy, failed requests. */
export interface Watched {
  readonly page: Page;
  /** Addresses that it asked for. */
  readonly asked: string[];
  readonly wrong: string[];
}

export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  // Colours that are on their way from one to another have a contrast of their own.
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const asked: string[] = [];
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(message.text());
  });
  page.on('request', (request) => asked.push(request.url()));
  return { page, asked, wrong };
}

const axeSource = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe finds that is serious or worse, in a line each. The policy of the pages lets no script in, so it goes round it. */
export async function seriousIn(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const source = readFileSync(axeSource, 'utf8');
  await session.send('Runtime.evaluate', { expression: `${source}; undefined` });
  const { result } = await session.send('Runtime.evaluate', {
    expression: 'axe.run().then((results) => JSON.stringify(results.violations))',
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  return (JSON.parse(result.value as string) as AxeResults['violations'])
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}, ${nodes.length} times: ${nodes[0]!.html.slice(0, 300)}`);
}

/** Whether anything reaches beyond the width of the window. */
export const overflows = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
