/** Shared by rules about pull secrets: the pods to check, the list that applies, and labels for messages. */
import { quoteValue } from '../../image/quote.ts';
import type { Container, Pod } from '../../pod/containers.ts';
import { readObjects, readString } from '../../pod/read.ts';
import type { Fact, PodPullSecrets } from '../fact.ts';
import type { Problem, Subject } from '../rule.ts';
import type { Causer } from '../rule.ts';

export interface PodSecrets {
  readonly pod: Pod;
  readonly pullSecrets: PodPullSecrets;
}

/** Returns the pods with a container in the policy's scope. */
export function podsOf(subject: Subject<'pullSecrets'>): readonly PodSecrets[] {
  const inScope = new Set(subject.containers);
  return subject.pods.flatMap((pod) => {
    if (!pod.containers.some((container) => inScope.has(container))) return [];
    const pullSecrets = subject.facts.pullSecrets.get(pod.pointer);
    return [{ pod, pullSecrets: pullSecrets ?? { ...NOT_LOOKED_UP, serviceAccount: pod.serviceAccountName } }];
  });
}

const NOT_LOOKED_UP = {
  from: 'pod',
  secrets: { state: 'unknown', reason: 'pull secrets were not looked up' },
} as const;

export function byContainer(pods: readonly PodSecrets[]): ReadonlyMap<Container, PodSecrets> {
  return new Map(pods.flatMap((one) => one.pod.containers.map((container) => [container, one] as const)));
}

/** Returns the pointer to a pull secret's name, or to the ServiceAccount name if the list is from the ServiceAccount. */
export function secretPointers({ pod, pullSecrets }: PodSecrets): (name: string) => string {
  if (pullSecrets.from !== 'pod') return () => `${pod.pointer}/serviceAccountName`;
  const at = `${pod.pointer}/imagePullSecrets`;
  const pointers = new Map<string, string>();
  for (const [index, entry] of readObjects(pod.spec, 'imagePullSecrets', pod.pointer).entries()) {
    const name = readString(entry, 'name', `${at}/${index}`) ?? '';
    if (!pointers.has(name)) pointers.set(name, `${at}/${index}/name`);
  }
  return (name) => pointers.get(name) ?? at;
}

/** The reason for an unknown result, and its cause. */
export interface Doubt {
  readonly reason: string;
  readonly causedBy: Causer;
}

/** Returns why the pull secrets of a pod are unknown; `undefined` if they are known. */
export function doubtAbout({ secrets, serviceAccount }: PodPullSecrets): Doubt | undefined {
  if (secrets.state === 'unknown') return doubtOf(secrets);
  if (secrets.state === 'yes') return undefined;
  // The ServiceAccount can still be created, and tidewaiter evaluates the Pod itself on creation.
  return { reason: `ServiceAccount ${quoteValue(serviceAccount)} does not exist yet`, causedBy: 'later' };
}

export function doubtOf({ reason, causedBy }: Extract<Fact<unknown>, { readonly state: 'unknown' }>): Doubt {
  return { reason, causedBy: causedBy ?? 'world' };
}

/** Returns the problem of an image outside of a pod spec, whose controller decides which pull secrets its Pods get. */
export function looseImage(image: string, pointer: string): Omit<Problem, 'container'> {
  return {
    state: 'unknown',
    causedBy: 'later',
    pointer,
    message: `cannot determine which pull secrets image ${image} will have: its controller decides`,
    remedy: 'tidewaiter evaluates its Pods when they are created',
  };
}

/** `pull secret "a", key ".dockerconfigjson"` */
export function secretLabel(name: string, key?: string): string {
  return `pull secret ${quoteValue(name)}${key === undefined ? '' : `, key ${quoteValue(key)}`}`;
}

export const MAKE_ONE = 'create it with "kubectl create secret docker-registry"';
