/** Explains the kubelet's event that it could not get pull secrets of a Pod (FailedToRetrieveImagePullSecret). */
import type { PullSecretsSummary, SecretSummary } from '../admission/pod-summary.ts';
import { quoteValue } from '../image/quote.ts';
import type { PullEvent } from '../pod/pull-events.ts';

export interface SecretFailure {
  /** The pull secrets of the Pod that the event names. */
  readonly secrets: readonly string[];
  readonly message: string;
  readonly remedy: string;
  readonly count: number;
  /** RFC 3339. */
  readonly last: string | null;
}

/** `events`: newest first. null: there is no such event about pull secrets that the Pod has. */
export function secretFailureOf(
  events: readonly PullEvent[],
  { secrets }: PullSecretsSummary,
  namespace: string,
): SecretFailure | null {
  const event = events.find(({ kind, container }) => kind === 'secrets' && container === undefined);
  const named = new Set(/^[^(]{0,80}\((.*)\)/s.exec(event?.message ?? '')?.[1]?.split(', '));
  const failed = secrets.filter(({ name }) => named.has(name)).slice(0, MAX_SECRETS);
  if (event === undefined || failed.length === 0) return null;
  const others = secrets.filter(({ name, state }) => !named.has(name) && state === 'usable').slice(0, MAX_SECRETS);
  const states = failed.map((secret) => stateText(secret, namespace)).join('; ');
  return {
    secrets: failed.map(({ name }) => name),
    message: `${states}; the kubelet used only ${[...others.map(label), "the node's own credentials"].join(', then ')}`,
    remedy: remedyFor(failed, namespace),
    count: event.count,
    last: event.last ?? null,
  };
}

const MAX_SECRETS = 3;

function label({ name }: Pick<SecretSummary, 'name'>): string {
  return `pull secret ${quoteValue(name)}`;
}

function stateText(secret: SecretSummary, namespace: string): string {
  const { state, reason } = secret;
  const subject = label(secret);
  if (state === 'absent') return `${subject} does not exist in namespace ${quoteValue(namespace)}`;
  if (state === 'usable') return `${subject} exists now, but the kubelet did not get it`;
  if (state === 'ignored') return `${subject} exists now, but it ${reason ?? ''}`;
  if (state === 'malformed') return `${subject} exists now, but it is malformed: ${reason ?? ''}`;
  return `cannot determine whether ${subject} exists: ${reason ?? ''}`;
}

function remedyFor(failed: readonly SecretSummary[], namespace: string): string {
  const wrong = failed.find(({ state }) => state !== 'usable' && state !== 'unknown');
  if (wrong === undefined) return 'wait for the next attempt; the kubelet then gets the Secret again';
  const action = wrong.state === 'absent' ? 'create' : 'replace';
  return `${action} Secret ${quoteValue(wrong.name)} in namespace ${quoteValue(namespace)} with kubectl create secret docker-registry, or remove it from imagePullSecrets`;
}
