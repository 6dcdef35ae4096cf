/** Numbers in texts for people. */

/** `12,304`. Intl takes 60 ms to load. */
export function numberText(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
