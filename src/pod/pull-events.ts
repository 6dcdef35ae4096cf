/** Events about image pulls, as the kubelet records them (kubernetes pkg/kubelet/images/image_manager.go). */
import { objectOf, textOf } from './pod-status.ts';
import type { JsonObject } from './pointer.ts';

export interface PullEvent {
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** RFC 3339; undefined: the event has no time. */
  readonly last: string | undefined;
  /** undefined: the event is about the whole Pod, for example about an image volume. */
  readonly container: string | undefined;
}

/** Returns the events that can explain a pull that failed, newest first. Everyone who can create events can invent one. */
export function pullEventsIn(events: readonly JsonObject[]): readonly PullEvent[] {
  return events
    .map(eventOf)
    .filter(isAboutPull)
    .sort((one, other) => (other.last ?? '').localeCompare(one.last ?? ''));
}

/** Those of kubelets have at most 1024 characters; other clients can write megabytes. */
const MAX_MESSAGE = 4096;

function eventOf(event: JsonObject): PullEvent {
  const series = objectOf(event['series']);
  const { fieldPath } = objectOf(event['involvedObject']);
  return {
    reason: textOf(event['reason']) ?? '',
    message: (textOf(event['message']) ?? '').slice(0, MAX_MESSAGE),
    count: Math.max(numberOf(event['count']), numberOf(series['count']), 1),
    last: lastOf(event, series),
    container: /^spec\.\w{1,40}\{(.{1,63})\}$/.exec(textOf(fieldPath) ?? '')?.[1],
  };
}

function lastOf(event: JsonObject, series: JsonObject): string | undefined {
  const { metadata, lastTimestamp, eventTime } = event;
  const times = [series['lastObservedTime'], lastTimestamp, eventTime, objectOf(metadata)['creationTimestamp']];
  return times.map(textOf).find((time) => time !== undefined);
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
}

const REASONS: ReadonlySet<string> = new Set(['InspectFailed', 'ErrImageNeverPull', 'FailedToRetrieveImagePullSecret']);

/** `Failed` and `BackOff` are also the reasons of containers that end. */
function isAboutPull({ reason, message }: PullEvent): boolean {
  if (reason === 'Failed') return message.startsWith('Failed to pull image');
  return reason === 'BackOff' ? message.startsWith('Back-off pulling image') : REASONS.has(reason);
}

/** Reports whether the message of an event about the whole Pod names the image. The kubelet adds the default tag. */
export function namesImage({ message }: Pick<PullEvent, 'message'>, image: string): boolean {
  return message.includes(`"${image}"`) || message.includes(`"${image}:latest"`);
}
