/** A picture of figures, drawn by Observable Plot, with the figures themselves as a table below it. */
import { type PlotOptions, plot } from '@observablehq/plot';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Table, type TableProps } from './table.js';

export interface ChartProps {
  readonly title: string;
  /** What is to be seen, in a sentence, for those who do not see it. */
  readonly summary: string;
  /** The picture at a width in pixels. Colours are the theme's: `var(--series-1)` to `var(--series-4)`, `currentColor`. */
  readonly picture: (width: number) => PlotOptions;
  readonly table: TableProps;
}

export function Chart({ title, summary, picture, table }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  useEffect(() => {
    if (width === 0) return;
    const drawn = plot({ ...picture(width), width });
    // The style sheet has these rules: the content security policy takes none from elsewhere.
    for (const style of drawn.querySelectorAll('style')) style.remove();
    drawn.setAttribute('role', 'img');
    drawn.setAttribute('aria-label', `${title}. ${summary}`);
    place.current!.replaceChildren(drawn);
  }, [width, picture, title, summary]);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={place} class="picture" />
      <details>
        <summary>Figures</summary>
        <Table {...table} />
      </details>
    </figure>
  );
}

/** Of an element, as it changes; in steps, so that dragging a window draws no picture a hundred times. */
function useWidth(of: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = of.current!;
    const measure = () => setWidth(Math.max(240, Math.floor(element.clientWidth / 16) * 16));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [of]);
  return width;
}
