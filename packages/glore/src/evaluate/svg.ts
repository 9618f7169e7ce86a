/**
 * Pictures of a report: self-contained SVG on a transparent ground, in greys that can be read on white and on black, since
 * a picture in a page does not know whether the page is dark.
 */

const style = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #757e88 }
  .title { font-size: 16px; font-weight: 600 }
  .note { font-size: 12px }
  .right { text-anchor: end }
  .middle { text-anchor: middle }
  .grid { stroke: #757e88; stroke-opacity: 0.25 }`;

/** A whole picture, with its title at the top. */
export function picture(
  width: number,
  height: number,
  title: string,
  ownStyle: string,
  content: readonly string[],
): string {
  const size = `viewBox="0 0 ${width} ${pixels(height)}" width="${width}" height="${pixels(height)}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${escapeText(title)}">`,
    `<style>${style}${ownStyle}\n</style>`,
    text('title', 0, 20, title),
    ...content,
    '</svg>\n',
  ].join('\n');
}

export function text(kind: string, x: number, y: number, content: string): string {
  return `<text class="${kind}" x="${pixels(x)}" y="${pixels(y)}">${escapeText(content)}</text>`;
}

export function line(kind: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${kind}" x1="${pixels(x1)}" y1="${pixels(y1)}" x2="${pixels(x2)}" y2="${pixels(y2)}"/>`;
}

/** Hundredths of a pixel are enough. */
export const pixels = (value: number): string => String(Math.round(value * 100) / 100);

/** As it stands between tags or in quotes, in SVG and HTML. */
export function escapeText(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
