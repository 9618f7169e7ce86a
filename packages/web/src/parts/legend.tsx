/** What the lines and marks of a picture are: told apart by shape and dash as well as by colour. */

export type Shape = 'circle' | 'square' | 'diamond' | 'triangle';

export interface LegendItem {
  readonly label: string;
  /** A colour of the theme: `var(--series-1)`. */
  readonly color: string;
  readonly shape?: Shape;
  /** Marks that are drawn hollow. */
  readonly hollow?: boolean;
  /** A line, and how it is dashed; '' for a whole one. */
  readonly dash?: string;
  /** An area of this much ink. */
  readonly area?: number;
}

export function Legend({ items }: { items: readonly LegendItem[] }) {
  return (
    <ul class="legend">
      {items.map((item) => (
        <li key={item.label}>
          <svg width="28" height="12" viewBox="0 0 28 12" aria-hidden="true">
            {item.area !== undefined && (
              <rect x="6" width="16" height="12" fill={item.color} fill-opacity={item.area} />
            )}
            {item.dash !== undefined && (
              <line
                x1="0"
                x2="28"
                y1="6"
                y2="6"
                stroke={item.color}
                stroke-width="2"
                stroke-dasharray={item.dash}
              />
            )}
            {item.shape && (
              <path
                d={paths[item.shape]}
                fill={item.hollow ? 'var(--paper)' : item.color}
                stroke={item.color}
                stroke-width="1.5"
              />
            )}
          </svg>
          {item.label}
        </li>
      ))}
    </ul>
  );
}

const paths: Readonly<Record<Shape, string>> = {
  circle: 'M18 6a4 4 0 1 1-8 0a4 4 0 1 1 8 0z',
  square: 'M10.5 2.5h7v7h-7z',
  diamond: 'M14 1l5 5l-5 5l-5-5z',
  triangle: 'M14 1.5l4.5 8h-9z',
};
