/**
 * The tint of a value between 0 and 1: orange where it is low, blue where it is high, which all kinds of sight tell apart;
 * the number stands beside it. The colours are the theme's.
 */
export function tintOf(value: number | undefined): Record<string, string> {
  if (value === undefined || Number.isNaN(value)) return {};
  const far = Math.min(1, Math.abs(value - 0.5) * 2);
  const share = `${Math.round(12 + 38 * far)}%`;
  return {
    '--tint': `color-mix(in oklab, var(${value < 0.5 ? '--low' : '--high'}) ${share}, var(--paper))`,
  };
}
