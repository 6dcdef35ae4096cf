/** Which bars of the chart show a number. */
import { number } from './words.ts';

const DIGIT_WIDTH = 7;
/** The numbers of the axis are at the left. */
const AXIS_WIDTH = 36;

/** The bars with room for the number of their denials, the largest first. */
export function numberedBars(bars: readonly { readonly denied: number }[], barWidth: number): ReadonlySet<number> {
  const chosen: { readonly index: number; readonly width: number }[] = [];
  const largest = bars.map(({ denied }, index) => ({ index, denied })).toSorted((a, b) => b.denied - a.denied);
  for (const { index, denied } of largest) {
    const width = (number(denied).length + 1) * DIGIT_WIDTH;
    const isRight = (index + 0.5) * barWidth - width / 2 >= AXIS_WIDTH;
    const isFree =
      isRight && chosen.every((other) => Math.abs(other.index - index) * barWidth >= (other.width + width) / 2);
    if (denied > 1 && isFree) chosen.push({ index, width });
  }
  return new Set(chosen.map(({ index }) => index));
}
