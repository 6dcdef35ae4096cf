/** How often something occurred on each day, as small bars. The chart and the open finding have the numbers. */
import type { ComponentChildren } from 'preact';
import type { Period } from './periods.ts';

interface Props {
  readonly times: readonly (readonly [step: number, count: number])[];
  readonly periods: readonly Period[];
}

const WIDTH = 7;
const HEIGHT = 12;
const LEAST = 3;

export function Spark({ times, periods }: Props): ComponentChildren {
  const counts = periods.map(({ from, to }) =>
    times.reduce((sum, [step, count]) => (step >= from && step < to ? sum + count : sum), 0),
  );
  const most = Math.max(1, ...counts);
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH * periods.length - 2} ${HEIGHT}`}
      width={WIDTH * periods.length - 2}
      height={HEIGHT}
      aria-hidden="true"
    >
      {counts.map((count, index) => {
        const height = count === 0 ? 1 : Math.max(LEAST, (count / most) * HEIGHT);
        return (
          <rect
            key={index}
            class={count === 0 ? 'none' : ''}
            x={index * WIDTH}
            y={HEIGHT - height}
            width={WIDTH - 2}
            height={height}
            rx="1"
          />
        );
      })}
    </svg>
  );
}
