/** The last pull of a container's image, from the events of the kubelet (pkg/kubelet/images/image_manager.go). */
import type { PullEvent } from '../pod/pull-events.ts';
import { ageText } from './age-text.ts';

export interface PullProgress {
  /** `pulling`: not finished. `present`: the node had the image. */
  readonly state: 'pulling' | 'pulled' | 'present';
  /** As the kubelet writes it, for example `1.234s`. */
  readonly duration: string | null;
  /** Includes the time in which the kubelet pulled other images. */
  readonly withWaiting: string | null;
  readonly bytes: number | null;
  /** RFC 3339. */
  readonly at: string | null;
}

/** `events`: those of the container, newest first. A pull that is followed by another event has ended. */
export function pullProgressOf(events: readonly PullEvent[]): PullProgress | null {
  const [newest, next] = events;
  if (newest?.kind === 'pulling' && newest.last !== next?.last)
    return { ...NO_FIGURES, state: 'pulling', at: newest.last ?? null };
  const event = events.find(({ kind }) => kind === 'pulled');
  return event === undefined ? null : finished(event);
}

function finished({ message, last }: PullEvent): PullProgress {
  const at = last ?? null;
  const [, duration, withWaiting, bytes] = SUCCESS.exec(message) ?? [];
  if (duration === undefined) return { ...NO_FIGURES, state: 'present', at };
  const size = bytes === undefined ? null : Number(bytes);
  return { state: 'pulled', duration, withWaiting: withWaiting ?? null, bytes: size, at };
}

const NO_FIGURES = { duration: null, withWaiting: null, bytes: null } as const;
const GO_DURATION = '[\\d.hmsµnu]{1,30}';
const SUCCESS = new RegExp(
  `^Successfully pulled image ".{0,1000}" in (${GO_DURATION})(?: \\((${GO_DURATION}) including waiting\\))?(?:\\. Image size: (\\d{1,15}) bytes)?`,
);

/** `took 1.234s, 29.0 MB, 3 minutes ago` */
export function pullText({ state, duration, withWaiting, bytes, at }: PullProgress, now: number): string {
  const when = at === null ? [] : [ageText(at, now)];
  if (state === 'pulling') return ['not finished', ...when.map((age) => `started ${age}`)].join(', ');
  if (state === 'present') return ['not needed, because the node had the image', ...when].join(', ');
  const waiting = withWaiting === null || withWaiting === duration ? '' : ` (${withWaiting} with waiting)`;
  const size = bytes === null ? [] : [`${(bytes / 1_000_000).toFixed(1)} MB`];
  return [`took ${duration ?? ''}${waiting}`, ...size, ...when].join(', ');
}
