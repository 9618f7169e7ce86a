/** The Chromium of this machine, for the tests of the pages, their pictures and their bench; driven by playwright-core. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** Its path: what `GLORE_BROWSER` names, which then must be there, or where Linux has it; undefined where there is none. */
export function browserPath() {
  const named = process.env.GLORE_BROWSER;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`GLORE_BROWSER: expected a Chromium, found nothing at ${named}`);
  }
  return ['chromium', 'chromium-browser', 'google-chrome']
    .map((name) => `/usr/bin/${name}`)
    .find((path) => existsSync(path));
}

/** Opens it: root may not have the sandbox, and containers have little shared memory. */
export function openBrowser() {
  const executablePath = browserPath();
  if (executablePath === undefined) {
    throw new Error('expected a Chromium, found none; name one: GLORE_BROWSER=/path/to/chromium');
  }
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
