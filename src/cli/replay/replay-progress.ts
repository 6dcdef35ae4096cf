/** The progress of a replay: how much was read, how fast, and how long the rest takes. */
import { numberText } from '../../report/number-text.ts';
import { noteEvery } from '../progress.ts';
import type { Terminal } from '../terminal.ts';

export interface ReplayProgress {
  readonly addReviews: (count: number) => void;
  readonly addBytes: (count: number) => void;
  readonly stop: () => void;
}

/** `totalBytes`: of the files that are read; 0: unknown. */
export function replayProgress(
  terminal: Pick<Terminal, 'note'>,
  totalBytes: () => number,
  now: () => number = () => performance.now(),
): ReplayProgress {
  const begin = now();
  let reviews = 0;
  let bytes = 0;
  const stop = noteEvery(terminal, () =>
    reviews === 0
      ? undefined
      : progressLine({ reviews, bytes, totalBytes: totalBytes(), seconds: (now() - begin) / 1000 }),
  );
  return {
    addReviews: (count) => void (reviews += count),
    addBytes: (count) => void (bytes += count),
    stop,
  };
}

export interface Position {
  readonly reviews: number;
  readonly bytes: number;
  readonly totalBytes: number;
  readonly seconds: number;
}

/** `12,304 reviews evaluated, 4,101 per second, 38 %, about 12 s left` */
export function progressLine({ reviews, bytes, totalBytes, seconds }: Position): string {
  const rate = seconds > 0 ? [`${numberText(reviews / seconds)} per second`] : [];
  const share = totalBytes > 0 ? Math.min(1, bytes / totalBytes) : 0;
  const rest =
    share > 0 ? [`${Math.floor(share * 100)} %`, `about ${timeText((seconds / share) * (1 - share))} left`] : [];
  return [`${numberText(reviews)} reviews evaluated`, ...rate, ...rest].join(', ');
}

function timeText(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
