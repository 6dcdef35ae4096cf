/** Events about image pulls, as the kubelet records them (kubernetes pkg/kubelet/images/image_manager.go). */
import { objectOf, textOf } from './pod-status.ts';
import type { JsonObject } from './pointer.ts';

export interface PullEvent {
  /** `secrets`: the kubelet did not get pull secrets of the Pod. `pulled`: or the node already had the image. */
  readonly kind: 'error' | 'secrets' | 'pulling' | 'pulled';
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** RFC 3339; undefined: the event has no time. */
  readonly last: string | undefined;
  /** undefined: the event is about the whole Pod, for example about an image volume. */
  readonly container: string | undefined;
}

/** Returns the events about pulls, newest first. Everyone who can create events can invent one. */
export function pullEventsIn(events: readonly JsonObject[]): readonly PullEvent[] {
  return events.flatMap(eventOf).sort((one, other) => (other.last ?? '').localeCompare(one.last ?? ''));
}

/** Those of kubelets have at most 1024 characters; other clients can write megabytes. */
const MAX_MESSAGE = 4096;

function eventOf(event: JsonObject): readonly PullEvent[] {
  const series = objectOf(event['series']);
  const { fieldPath } = objectOf(event['involvedObject']);
  const reason = textOf(event['reason']) ?? '';
  const message = (textOf(event['message']) ?? '').slice(0, MAX_MESSAGE);
  const kind = kindOf(reason, message);
  if (kind === undefined) return [];
  const row = {
    kind,
    reason,
    message,
    count: Math.max(numberOf(event['count']), numberOf(series['count']), 1),
    last: lastOf(event, series),
    container: /^spec\.\w{1,40}\{(.{1,63})\}$/.exec(textOf(fieldPath) ?? '')?.[1],
  };
  return [row];
}

function lastOf(event: JsonObject, series: JsonObject): string | undefined {
  const { metadata, lastTimestamp, eventTime } = event;
  const times = [series['lastObservedTime'], lastTimestamp, eventTime, objectOf(metadata)['creationTimestamp']];
  return times.map(textOf).find((time) => time !== undefined);
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
}

const KINDS: ReadonlyMap<string, PullEvent['kind']> = new Map([
  ['InspectFailed', 'error'],
  ['ErrImageNeverPull', 'error'],
  ['FailedToRetrieveImagePullSecret', 'secrets'],
  ['Pulling', 'pulling'],
  ['Pulled', 'pulled'],
]);

/** `Failed` and `BackOff` are also the reasons of containers that end. */
function kindOf(reason: string, message: string): PullEvent['kind'] | undefined {
  const isError =
    (reason === 'Failed' && message.startsWith('Failed to pull image')) ||
    (reason === 'BackOff' && message.startsWith('Back-off pulling image'));
  return isError ? 'error' : KINDS.get(reason);
}

/** Reports whether the message of an event about the whole Pod names the image. The kubelet adds the default tag. */
export function namesImage({ message }: Pick<PullEvent, 'message'>, image: string): boolean {
  return message.includes(`"${image}"`) || message.includes(`"${image}:latest"`);
}
