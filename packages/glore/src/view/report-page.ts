/** The report of a run as one page that stands alone: its script, its style sheet and its data are in it. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { GloreError } from '../error.js';
import { escapeText } from '../evaluate/index.js';
import { inPackage, version } from '../package.js';
import type { RunView } from './run.js';
import { type ProblemDetails, problemFilters, type ReportPage } from './wire.js';

/**
 * The page of a finished run, with at most so many problems of each filter.
 * @throws GloreError `run-unfinished`, `pages-missing`
 */
export async function reportPage(run: RunView, problems: number): Promise<string> {
  const page: ReportPage = {
    version,
    run: await run.state(),
    report: await run.report(),
    curves: await run.curves(),
    labels: await run.labels(),
    problems: await firstOfEach(run, problems),
  };
  return htmlOf(page, sourceOf('report.js'), sourceOf('report.css'));
}

/** Each once, in their order. */
async function firstOfEach(run: RunView, count: number): Promise<ProblemDetails[]> {
  if (count === 0) return [];
  const found = new Set<number>();
  for (const filter of problemFilters) {
    const { rows } = await run.problems({ filter, from: 0, count });
    for (const { index } of rows) found.add(index);
  }
  const details: ProblemDetails[] = [];
  for (const index of [...found].sort((a, b) => a - b)) details.push(await run.problem(index));
  return details;
}

function sourceOf(name: string): string {
  // The build puts it there.
  const path = inPackage(`web/report/${name}`);
  if (existsSync(path)) return readFileSync(path, 'utf8').replaceAll('\r\n', '\n').trim();
  throw new GloreError(
    'pages-missing',
    `${path}: expected the page of the report, found none; build it: npm run build`,
  );
}

function htmlOf(page: ReportPage, source: string, sheet: string): string {
  // What would end an element, or begin what looks like one, is spelt so that it means the same in a string.
  const script = source.replaceAll(/<(?=\/script|!--|script)/gi, '\\x3c');
  const style = sheet.replaceAll(/<(?=\/style)/gi, '\\3c ');
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeText(page.run.name)} – glore</title>
<style>${style}</style>
</head>
<body>
<div id="app"></div>
<noscript>This page is drawn by a script that is in it.</noscript>
<script type="application/json" id="data">${JSON.stringify(page).replaceAll('<', '\\u003c')}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** What stands between the tags, to the sign. */
const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
