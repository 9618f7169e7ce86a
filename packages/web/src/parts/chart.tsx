/** A picture of figures, drawn by Observable Plot, with the figures themselves as a table below it. */
import { type PlotOptions, plot } from '@observablehq/plot';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Legend, type LegendItem } from './legend.js';
import { Table, type TableProps } from './table.js';

export interface ChartProps {
  readonly title: string;
  /** What is to be seen, in a sentence. */
  readonly summary: string;
  /** The picture at a width in pixels. Colours are the theme's: `var(--series-1)` to `var(--series-4)`, `currentColor`. */
  readonly picture: (width: number) => PlotOptions;
  readonly table: TableProps;
  readonly legend?: readonly LegendItem[] | undefined;
}

/** `picture` is drawn whenever it is another function: keep it (`useMemo`) while its figures are the same. */
export function Chart({ title, summary, picture, table, legend }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (width === 0) return;
    const draw = () => {
      const drawn = plot({ ...picture(width), width });
      // The style sheet has these rules: the content security policy takes none from elsewhere.
      for (const style of drawn.querySelectorAll('style')) style.remove();
      // To those who do not see it the picture is one thing, named here; its parts have no names of their own.
      for (const part of drawn.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label');
      drawn.setAttribute('role', 'img');
      drawn.setAttribute('aria-label', `${title}. ${summary}`);
      place.current?.replaceChildren(drawn);
    };
    // Each in a task of its own: a page of charts answers between them.
    const later = setTimeout(draw);
    return () => clearTimeout(later);
  }, [width, picture, title, summary]);
  return (
    <figure class="chart">
      <figcaption>
        {title}
        <p class="summary">{summary}</p>
      </figcaption>
      {legend && <Legend items={legend} />}
      <div ref={place} class="picture" />
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          Figures<span class="unseen"> of {title}</span>
        </summary>
        {open && <Table {...table} />}
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
