/** A Markdown table: a header and lines of cells. */
export function table(header, lines) {
  const widths = header.map((title, i) => Math.max(title.length, ...lines.map((l) => l[i].length)));
  const row = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [row(header), row(widths.map((width) => '-'.repeat(width))), ...lines.map(row)].join('\n');
}
