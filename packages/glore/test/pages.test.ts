/** The pages in a real browser: a finished run and any server in the playground, runs in the viewer, the report from disk. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { browserPath, openBrowser } from '../../web/browser.mjs';
import type { Report } from '../src/pipeline/index.js';
import type { Problem } from '../src/problem/index.js';
import type { Decision } from '../src/refine/index.js';
import { openPage, overflows, seriousIn } from './browser.js';
import { finished, samples } from './finished.js';
import { firstSaid, glore, start, temporaryFolder, untilWritten, writeRecipe } from './glore.js';
import { completion, RawServer } from './http/raw.js';

// The machine need not be free.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 });

const isThere = browserPath() !== undefined;
if (!isThere) {
  console.warn('no Chromium here: the tests of the pages are skipped; name one in GLORE_BROWSER');
}

/** Text that a page must show and not obey. */
const hostile = '<img src=x onerror="document.title=\'obeyed\'"> & <script>';

describe.skipIf(!isThere)('the pages', () => {
  let folder: string;
  let run: string;
  let browser: Browser;
  beforeAll(async () => {
    folder = temporaryFolder();
    ({ run } = await finished());
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  /** Starts a command that listens; gives where its pages are. */
  async function listening(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const running = start([...args, '--port', '0', '--json'], { GLORE_API_KEY: '', ...env });
    onTestFinished(() => {
      running.child.kill('SIGKILL');
    });
    return (JSON.parse(await firstSaid(running)) as { pages: string }).pages;
  }

  const linesOf = <T>(...parts: string[]): T[] =>
    readFileSync(join(run, ...parts), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  const problems = () => linesOf<Problem>('problems/test.jsonl');
  const decisions = () =>
    linesOf<{ problem: string; decision: Decision }>('evaluation/test.refinements.jsonl');
  const report = () => JSON.parse(readFileSync(join(run, 'report.json'), 'utf8')) as Report;
  /** A test problem whose draft has an error where the SORM looks. */
  const known = () => {
    const at = decisions().findIndex(({ decision }) => decision.candidates.length === 3);
    return { at, ...problems()[at]!, decision: decisions()[at]!.decision };
  };
  const ask = async (page: Page, question: string) => {
    await page.getByLabel('Question', { exact: true }).fill(question);
    await page.getByLabel('Question', { exact: true }).press('Control+Enter');
  };

  /** What every view is held to: nothing refused or broken, nothing from elsewhere, readable by all, at any width. */
  async function isSound(page: Page, wrong: readonly string[], asked: readonly string[]) {
    expect(wrong).toEqual([]);
    const { origin } = new URL(page.url());
    expect(
      asked.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith('blob:')),
    ).toEqual([]);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousIn(page)).toEqual([]);
    }
    await page.setViewportSize({ width: 320, height: 740 });
    expect(await overflows(page)).toBe(false);
  }

  it('show an answer as it comes about, with values, the first error, changes, the choice and why', async () => {
    const pages = await listening(['serve', run, '--workers', '1']);
    const { page, wrong, asked } = await openPage(browser);
    // Lines of the draft before it is whole.
    await page.addInitScript({
      content: `
        globalThis.seen = new Set();
        new MutationObserver(() => {
          const card = document.querySelector('[aria-busy="true"] .solution');
          if (card) seen.add(card.textContent);
        }).observe(document, { childList: true, subtree: true, characterData: true });`,
    });
    await page.goto(pages);
    const { question, decision } = known();
    await ask(page, question);
    await page.getByText(/^The answer is |^No answer was found/).waitFor();
    expect(await page.evaluate('seen.size')).toBeGreaterThan(1);

    const [draft, global, local] = decision.candidates;
    const card = (name: string) => page.getByRole('article').filter({ hasText: name });
    const lines = card('Draft').getByRole('list').getByRole('listitem');
    await expect.poll(() => lines.count()).toBe(decision.values.length);
    for (const [i, value] of decision.values.entries()) {
      const shown = await lines.nth(i).locator('data').getAttribute('value');
      expect(Number(shown)).toBeCloseTo(value, 3);
    }
    expect(await lines.nth(decision.location - 1).textContent()).toContain('first error');
    expect(await page.getByText('first error', { exact: true }).count()).toBe(1);
    for (const [name, candidate] of [
      ['Draft', draft],
      ['Global refinement', global],
      ['Local refinement', local],
    ] as const) {
      const value = card(name).locator('.chip').first();
      expect(Number(await value.getAttribute('value'))).toBeCloseTo(candidate!.score, 3);
    }
    const changed = await page.locator('ins, del').count();
    expect(changed).toBeGreaterThan(0);
    expect(await page.getByText('chosen', { exact: true }).count()).toBe(1);
    expect(await page.locator('.why').textContent()).toContain('ORM');
    await isSound(page, wrong, asked);
  });

  it('keep a trace: as a file, opened again, and in a link that asks no model', async () => {
    const pages = await listening(['serve', run, '--workers', '1']);
    const { page, wrong } = await openPage(browser, { acceptDownloads: true });
    await page.goto(pages);
    await page.getByText('Settings').click();
    await page.getByRole('combobox', { name: /^Mode/ }).selectOption('gate');
    await page.getByRole('spinbutton', { name: /^Gate/ }).fill('1');
    await page.getByRole('spinbutton', { name: /^Rounds/ }).fill('2');
    await ask(page, known().question);
    await page.getByRole('button', { name: 'Save the trace' }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the trace' }).click(),
    ]);
    const file = join(folder, 'trace.json');
    await download.saveAs(file);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      glore: 1,
      question: known().question,
      settings: { mode: 'gate', tau: 1, rounds: 2 },
    });
    const answer = await page.getByRole('status').first().textContent();
    await page.getByRole('button', { name: 'Link to it' }).click();
    await page.waitForURL(/trace=/);
    const link = page.url();
    await page.getByLabel('Question', { exact: true }).fill('another one');
    await page.getByRole('button', { name: 'Link to it' }).click();
    await page.getByText(/^The link is /).waitFor();
    expect(await page.getByLabel('Question', { exact: true }).inputValue()).toBe('another one');

    const other = await openPage(browser);
    await other.page.goto(link);
    await other.page.locator('.why').first().waitFor();
    expect(await other.page.getByRole('status').first().textContent()).toBe(answer);
    expect(other.asked.some((url) => url.includes('/v1/'))).toBe(false);
    // Another trace is not what the link leads to.
    await other.page.getByLabel('A trace to open').setInputFiles(file);
    await other.page.waitForURL((url) => url.hash === '#/play');

    const third = await openPage(browser);
    await third.page.goto(pages);
    await third.page.getByLabel('A trace to open').setInputFiles(file);
    await third.page.locator('.why').first().waitFor();
    await third.page.getByLabel('A trace to open').setInputFiles({
      name: 'broken.json',
      mimeType: 'application/json',
      buffer: Buffer.from('{"glore":1}'),
    });
    expect(await third.page.getByRole('alert').textContent()).toMatch(/^broken\.json: /);
    expect([...wrong, ...other.wrong, ...third.wrong]).toEqual([]);
  });

  it('work over any server, and show what its model says as text', async () => {
    const server = await RawServer.start(({ path }) =>
      path === '/v1/models'
        ? { body: { object: 'list', data: [{ id: 'm' }] } }
        : completion(path, `${hostile}\n37 + 15 = 52\n#### 52`),
    );
    onTestFinished(() => server.stop());
    const pages = await listening(['serve', '--upstream', server.url]);
    const { page, wrong, asked } = await openPage(browser);
    await page.goto(pages);
    await ask(page, `Mia has 37 stamps and buys 15 ${hostile}. How many?`);
    await page.getByText('The answer is 52.').waitFor();
    await expect.poll(() => page.getByText(hostile).count()).toBeGreaterThan(0);
    expect(await page.title()).not.toBe('obeyed');
    await isSound(page, wrong, asked);
  });

  it('let a question of the test set be found, also after a search that failed', async () => {
    const pages = await listening(['serve', run, '--workers', '1']);
    const { page } = await openPage(browser);
    await page.goto(pages);
    await page.getByText('Take a question').click();
    const search = page.getByLabel('Search the test set');
    await search.fill('x'.repeat(1001));
    await page.getByText('none found').waitFor();
    await page.route('**/problems?*', (route) => route.abort());
    await search.fill('nothing');
    await page.getByRole('alert').waitFor();
    await page.unroute('**/problems?*');
    const { question } = problems()[7]!;
    await search.fill(question);
    await page.getByRole('button', { name: question }).click();
    expect(await page.getByLabel('Question', { exact: true }).inputValue()).toBe(question);
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('say what is wrong', async () => {
    let isHot = false;
    const server = await RawServer.start(({ path }) => {
      if (path === '/v1/models') return { body: { object: 'list', data: [{ id: 'm' }] } };
      if (isHot) return { status: 400, body: { error: { message: 'too hot' } } };
      return completion(path, '#### 52');
    });
    onTestFinished(() => server.stop());
    const pages = await listening(['serve', '--upstream', server.url]);
    const { page } = await openPage(browser);
    await page.goto(pages);
    isHot = true;
    await ask(page, 'Mia has 37 stamps and buys 15. How many?');
    expect(await page.getByRole('alert').textContent()).toContain('too hot');
  });

  it('show a finished run: stages, every row with its interval, pictures with their figures', async () => {
    const pages = await listening(['view', run]);
    const { page, wrong, asked } = await openPage(browser);
    await page.goto(pages);
    const { rows, comparisons } = report();
    const table = page.getByRole('table', { name: /Ways to answer/ });
    await table.waitFor();
    expect(await table.getByRole('row').count()).toBe(rows.length + 1);
    for (const { name, accuracy } of rows) {
      const row = table.getByRole('row').filter({ has: page.getByText(name, { exact: true }) });
      expect(await row.textContent()).toContain(`${(100 * accuracy).toFixed(1)}%`);
    }
    const paired = page.getByRole('table', { name: /Two ways/ });
    expect(await paired.getByRole('row').count()).toBe(comparisons.length + 1);
    await page.getByRole('img', { name: /Reliability/ }).waitFor();
    // Accuracy, tokens, processed, who fixes, first errors, reliability, labels, and the trainings.
    expect(await page.getByRole('img').count()).toBeGreaterThan(10);
    const stages = page.getByText(/\d+ stages in/);
    await stages.click();
    expect(await page.locator('.stage.done').count()).toBeGreaterThan(10);
    await isSound(page, wrong, asked);
  });

  it('find test problems: filters, search, pages, one with its samples and refinements', async () => {
    const total = problems().length;
    const pages = await listening(['view', run]);
    const { page, wrong, asked } = await openPage(browser);
    await page.goto(`${pages}#/runs/0/problems`);
    await page.getByText(`1–50 of ${total}`).first().waitFor();
    await page.getByRole('link', { name: /next/ }).last().click();
    await page.getByText(`51–${total} of ${total}`).first().waitFor();
    expect(await page.evaluate('scrollY')).toBe(0);
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    expect(await page.locator('.problems > li').count()).toBe(total - 50);
    // Whoever searches goes on writing.
    await page.getByRole('searchbox').pressSequentially('a');
    await page.waitForURL(/search=a/);
    expect(await page.evaluate('document.activeElement.type')).toBe('search');
    await page.getByRole('searchbox').fill('');
    await page.getByText(`1–50 of ${total}`).first().waitFor();

    const right = linesOf<{ draft: { right: boolean } }>('evaluation/test.attempts.jsonl');
    const wrongDrafts = right.filter(({ draft }) => !draft.right).length;
    await page.getByRole('radio', { name: /Wrong drafts/ }).check();
    await page.getByText(`of ${wrongDrafts}`).first().waitFor();

    await page.getByRole('radio', { name: /^All/ }).check();
    const { at, id, question, decision } = known();
    await page.getByRole('searchbox').fill(question.slice(0, 60).toUpperCase());
    await page.getByRole('link', { name: id }).click();
    await page.getByRole('heading', { name: `Problem ${id}` }).waitFor();
    expect(page.url()).toContain(`/problems/${at}`);
    expect(await page.getByText(question).count()).toBe(1);
    const card = (source: string) =>
      page
        .locator('.card')
        .filter({ has: page.getByRole('heading', { name: new RegExp(source, 'i') }) });
    for (const { source, score } of decision.candidates) {
      expect(await card(source).textContent()).toContain(`ORM ${score.toFixed(3)}`);
    }
    expect(await card('global').locator('ins, del').count()).toBeGreaterThan(0);
    await page.getByText(`${samples} samples`).click();
    expect(await page.getByRole('table', { name: /sample \d/i }).count()).toBe(samples);
    await isSound(page, wrong, asked);
  });

  it('keep questions of any length within the window, and say which stages are left', async () => {
    const stopped = join(folder, 'stopped');
    cpSync(run, stopped, { recursive: true });
    rmSync(join(stopped, 'report.json'));
    rmSync(join(stopped, 'evaluation/done.json'));
    const [first, ...rest] = problems();
    const long = [
      { ...first, question: `${hostile} ${'數'.repeat(9)}${'y'.repeat(9000)}` },
      ...rest,
    ];
    const lines = long.map((problem) => `${JSON.stringify(problem)}\n`).join('');
    writeFileSync(join(stopped, 'problems/test.jsonl'), lines);
    const pages = await listening(['view', stopped]);
    const { page, wrong, asked } = await openPage(browser);
    for (const [path, shown] of [
      ['runs/0/problems/0', 'yyy'],
      ['runs/0/problems', 'yyy'],
      ['runs/0', 'stages done'],
    ] as const) {
      await page.goto(`${pages}#/${path}`);
      await page.getByText(shown).first().waitFor();
      // There is no report yet, which is asked for all the same.
      const other = wrong.filter((line) => !line.includes('404'));
      await isSound(page, other, asked);
    }
    expect(await page.title()).not.toBe('obeyed');
  });

  it('show two runs side by side', async () => {
    const other = join(folder, 'other');
    cpSync(run, other, { recursive: true });
    const pages = await listening(['view', run, other]);
    const { page, wrong, asked } = await openPage(browser);
    await page.goto(pages);
    await page.getByRole('link', { name: 'side by side' }).click();
    await page.getByRole('heading', { name: 'run beside other' }).waitFor();
    await page
      .getByRole('img', { name: /accuracy/i })
      .first()
      .waitFor();
    await isSound(page, wrong, asked);
  });

  it('offer any two of several runs, and ask again for a part that has failed', async () => {
    const others = ['second', 'third'].map((name) => join(folder, name));
    for (const other of others) cpSync(run, other, { recursive: true });
    const pages = await listening(['view', run, ...others]);
    const { page, wrong, asked } = await openPage(browser);
    let broken = true;
    await page.route('**/api/runs/*/curves', (route) =>
      broken ? route.abort() : route.continue(),
    );
    await page.goto(`${pages}#/runs/1`);
    await page.getByRole('alert').waitFor();
    broken = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Training' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.getByLabel('second beside').selectOption('third');
    await page.getByRole('heading', { name: 'second beside third' }).waitFor();
    await page.getByLabel('second beside').selectOption('run');
    await page.getByRole('heading', { name: 'second beside run' }).waitFor();
    const other = wrong.filter((line) => !line.includes('ERR_FAILED'));
    await isSound(page, other, asked);
  });

  it('follow a run that is going on', async () => {
    const going = join(folder, 'going');
    const recipe = writeRecipe(folder, 'going', ['seed: 3', 'seed: 4']);
    const running = start(['run', recipe, '--run', going]);
    onTestFinished(() => {
      running.child.kill('SIGKILL');
    });
    await untilWritten(running, join(going, 'student/started.json'));
    const pages = await listening(['view', going]);
    const { page, wrong } = await openPage(browser);
    await page.goto(pages);
    await page.locator('.stage.running').waitFor();
    await page.locator('.stage.running progress').first().waitFor();
    const count = () => page.locator('.stage.done').count();
    const before = await count();
    await expect.poll(count, { timeout: 200_000 }).toBeGreaterThan(before + 1);
    running.child.kill('SIGINT');
    await page.locator('.stage.stopped').waitFor();
    expect(wrong.filter((said) => !said.includes('404'))).toEqual([]);
  });

  it('ask for the key and keep it for the tab', async () => {
    const pages = await listening(['view', run], { GLORE_API_KEY: 'open-sesame' });
    const { page } = await openPage(browser);
    await page.goto(pages);
    expect(await page.getByRole('alert').count()).toBe(0);
    // The second is none that could be sent.
    for (const wrong of ['other', 'open-s\u20acsame']) {
      await page.getByLabel('Key').fill(wrong);
      await page.getByLabel('Key').press('Enter');
      await page.getByRole('alert').filter({ hasText: "not this server's" }).waitFor();
      // The focus follows what is drawn.
      await expect.poll(() => page.evaluate('document.activeElement.type')).toBe('password');
      await page.reload();
    }
    await page.getByLabel('Key').fill('open-sesame');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByRole('table', { name: /Ways to answer/ }).waitFor();
    await page.reload();
    await page.getByRole('table', { name: /Ways to answer/ }).waitFor();
  });

  it('are less than 300 kB as they are sent', () => {
    const app = join(import.meta.dirname, '../web/app');
    const files = readdirSync(app, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => gzipSync(readFileSync(join(entry.parentPath, entry.name))).length);
    expect(files.length).toBeGreaterThan(2);
    expect(files.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
  });

  it('make a report that opens from disk and asks for nothing', async () => {
    const file = join(folder, 'report.html');
    expect(await glore(['report', '--run', run, '--html', file])).toMatchObject({ code: 0 });
    const { page, wrong, asked } = await openPage(browser);
    const url = pathToFileURL(file).href;
    await page.goto(url);
    const table = page.getByRole('table', { name: /Ways to answer/ });
    await table.waitFor();
    expect(await table.getByRole('row').count()).toBe(report().rows.length + 1);
    expect(asked).toEqual([url]);
    expect(wrong).toEqual([]);
    expect(await seriousIn(page)).toEqual([]);
    const printed = await page.pdf({ format: 'A4' });
    expect(printed.subarray(0, 5).toString()).toBe('%PDF-');
    expect(printed.length).toBeGreaterThan(50_000);
  });
});
