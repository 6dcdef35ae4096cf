/**
 * Adds pull secrets to Pods. A secret is added if it exists and has a credential for an image that its entry covers.
 *
 * A Pod with a list of its own does not get that of its ServiceAccount (kubernetes plugin/pkg/admission/serviceaccount). So the
 * list of a template that has none begins with that of its ServiceAccount. A list that the stored object has stays, so that a
 * manifest that is applied again changes nothing, whatever became of the secrets.
 */
import { keyringOf } from '../../credential/keyring.ts';
import type { PullSecret } from '../../credential/pull-secret.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { Container, Pod } from '../../pod/containers.ts';
import { readObjects } from '../../pod/read.ts';
import { PULL_SECRETS } from '../../policy/change-rules.ts';
import type { Fact } from '../../policy/fact.ts';
import type { Finding } from '../../policy/finding.ts';
import type { Covered, Covering } from '../../policy/plan.ts';
import type { Policy } from '../../policy/policy.ts';
import type { PullSecretEntry } from '../../policy/added-pull-secrets.ts';
import { policiesOver } from '../change/scoped-policies.ts';
import type { AddedSecrets } from '../facts/added-secrets.ts';
import type { Lookups } from '../facts/lookups.ts';
import { type MaybePromise, whenAllKnown, whenKnown } from '../maybe-promise.ts';
import type { AddedPullSecrets } from '../mutation.ts';
import { isPod } from '../change/mutable-images.ts';
import { hasNoEffect, type PodChange, warning } from './pod-change.ts';

export interface PullSecretChanges {
  readonly added: readonly AddedPullSecrets[];
  readonly findings: readonly Finding[];
}

/** Synchronous if every Secret is known. */
export function pullSecretChanges(change: PodChange, lookups: Lookups): MaybePromise<PullSecretChanges> {
  const policies = change.covering.policies.filter(({ policy }) => policy.addedPullSecrets !== undefined);
  if (policies.length === 0 || change.change.onlyEphemeral) return NOTHING;
  const pods = change.workload.pods.map((pod) => podChanges(pod, { change, policies, lookups }));
  return whenKnown(whenAllKnown(pods), (all) => ({
    added: all.flatMap(({ added }) => added),
    findings: all.flatMap(({ findings }) => findings),
  }));
}

const NOTHING: PullSecretChanges = { added: [], findings: [] };

interface PodContext {
  readonly change: PodChange;
  readonly policies: readonly Covered[];
  readonly lookups: Lookups;
}

/** A secret that an entry adds to a Pod, with the images that it is for. */
interface Wanted {
  readonly name: string;
  readonly policy: string;
  readonly entry: PullSecretEntry;
  readonly images: readonly ImageReference[];
  readonly scopeUnknown: string | undefined;
}

function podChanges(pod: Pod, context: PodContext): MaybePromise<PullSecretChanges> {
  const listed = new Set(pod.pullSecretNames);
  const wanted = wantedFor(pod, context).filter(({ name }) => !listed.has(name));
  if (wanted.length === 0) return NOTHING;
  const stored = context.change.stored?.pods.find(({ pointer }) => pointer === pod.pointer);
  if (stored !== undefined && staysAsStored(pod, stored, context)) return storedAgain(pod, stored, wanted);
  const facts = wanted.map(({ name }) => context.lookups.secret(name));
  return whenKnown(whenAllKnown(facts), (known) => {
    const findings: Finding[] = [];
    const usable = wanted.filter((one, index) => {
      const problem = problemOf(one, known[index]);
      if (problem !== undefined) findings.push(findingOf(one, pod, problem));
      return problem === undefined;
    });
    if (usable.length === 0) return { added: [], findings };
    return whenKnown(listBefore(pod, context), (before) => addedTo(pod, { usable, before, findings }));
  });
}

/** An update that changes no image only gets back what the stored template has. The lists of live Pods and Jobs are immutable. */
function staysAsStored(pod: Pod, stored: Pod, { change }: PodContext): boolean {
  if (change.change.digests === 'stored') return true;
  if (stored.serviceAccountName !== pod.serviceAccountName) return false;
  const before = new Set(stored.containers.map(({ image }) => image.text));
  return pod.containers.every((container) => before.has(finalText(container, change)));
}

function storedAgain(pod: Pod, stored: Pod, wanted: readonly Wanted[]): PullSecretChanges {
  const before = new Set(stored.pullSecretNames);
  const again = wanted.filter(({ name, entry }) => entry.mode !== 'warn' && before.has(name));
  if (again.length === 0) return NOTHING;
  // Without a list of its own, the template began with the list of its ServiceAccount, which can be another one now.
  const names = hasList(pod) ? again.map(({ name }) => name) : [...before].filter((name) => name !== '');
  return { added: [additionTo(pod, names, again)], findings: [] };
}

function hasList({ spec, pointer }: Pod): boolean {
  return readObjects(spec, 'imagePullSecrets', pointer).length > 0;
}

interface Additions {
  readonly usable: readonly Wanted[];
  readonly before: Fact<readonly string[]>;
  readonly findings: readonly Finding[];
}

function addedTo(pod: Pod, { usable, before, findings }: Additions): PullSecretChanges {
  const [first] = usable;
  if (first === undefined) return { added: [], findings };
  if (before.state === 'unknown') {
    const problem = `those of ServiceAccount ${quoteValue(pod.serviceAccountName)} would be lost, and they are unknown: ${before.reason}`;
    return {
      added: [],
      findings: [...findings, findingOf(first, pod, { outcome: 'unknown', message: problem, undecided: 'object' })],
    };
  }
  const inherited = before.state === 'yes' ? before.value : [];
  const names = [...new Set([...inherited, ...usable.map(({ name }) => name)])];
  return { added: [additionTo(pod, names, usable)], findings };
}

function additionTo(pod: Pod, names: readonly string[], wanted: readonly Wanted[]): AddedPullSecrets {
  return { pod, names, added: wanted.map(({ name, policy }) => ({ name, policy })) };
}

/** The names that the list of the Pod begins with, which are not in the object. */
function listBefore(pod: Pod, { change, lookups }: PodContext): MaybePromise<Fact<readonly string[]>> {
  const isComplete = isPod(change.request.type) && change.request.pluginsRan;
  return hasList(pod) || isComplete ? { state: 'yes', value: [] } : lookups.serviceAccount(pod.serviceAccountName);
}

function wantedFor(pod: Pod, context: PodContext): readonly Wanted[] {
  const byName = new Map<string, Wanted>();
  for (const one of pod.containers.flatMap((container) => wantedBy(container, context))) {
    const before = byName.get(one.name);
    byName.set(one.name, before === undefined ? one : united(before, one));
  }
  return [...byName.values()];
}

/** The first entry that adds the secret decides, or else the first entry. */
function united(before: Wanted, one: Wanted): Wanted {
  const first = !isAdding(before) && isAdding(one) ? one : before;
  return { ...first, images: [...before.images, ...one.images] };
}

function isAdding({ entry, scopeUnknown }: Wanted): boolean {
  return entry.mode !== 'warn' && scopeUnknown === undefined;
}

function wantedBy(container: Container, { change, policies }: PodContext): readonly Wanted[] {
  const image = change.finalImage(container);
  if (image === undefined) return [];
  return policiesOver(container, image, policies).flatMap(({ policy, scopeUnknown }) =>
    (policy.addedPullSecrets ?? [])
      .filter(({ covers, mode }) => covers(image) && !hasNoEffect(mode, change))
      .flatMap((entry) =>
        entry.add.map((name) => ({ name, policy: policy.name, entry, images: [image], scopeUnknown })),
      ),
  );
}

/** The names of the secrets that policies add for an image. */
export function addedSecretNames(covering: Covering): AddedSecrets {
  const policies = covering.policies.filter(({ policy }) => policy.addedPullSecrets !== undefined);
  if (policies.length === 0) return () => [];
  return (container, image) =>
    policiesOver(container, image, policies).flatMap(({ policy, scopeUnknown }) =>
      scopeUnknown === undefined ? namesIn(policy, image) : [],
    );
}

function namesIn({ addedPullSecrets = [] }: Policy, image: ImageReference): readonly string[] {
  return addedPullSecrets.flatMap(({ mode, covers, add }) => (mode !== 'warn' && covers(image) ? add : []));
}

function finalText(container: Container, { finalImage }: PodChange): string {
  return finalImage(container)?.text ?? container.image.text;
}

type Problem = Pick<Finding, 'outcome' | 'message' | 'undecided'>;

function problemOf(wanted: Wanted, fact: Fact<PullSecret> | undefined): Problem | undefined {
  const { name, entry, scopeUnknown } = wanted;
  if (scopeUnknown !== undefined) {
    const message = `cannot determine whether the policy applies: ${scopeUnknown}`;
    return { outcome: 'unknown', message, undecided: 'scope' };
  }
  if (fact === undefined || fact.state === 'unknown')
    return { outcome: 'unknown', message: fact?.reason ?? 'not known', undecided: 'object' };
  const message = fact.state === 'no' ? 'it does not exist' : unusable(wanted, fact.value);
  if (message !== undefined) return { outcome: 'violation', message };
  return entry.mode === 'warn' ? { outcome: 'violation', message: `the policy only warns; add ${name}` } : undefined;
}

function unusable({ images }: Wanted, secret: PullSecret): string | undefined {
  const keyring = keyringOf([secret]);
  if (!keyring.ok) return 'it is malformed';
  if (images.some((image) => keyring.candidatesFor(image).length > 0)) return undefined;
  return `it has no credential for image ${quoteValue(images[0]?.text ?? '')}`;
}

function findingOf(
  { name, policy }: Pick<Wanted, 'name' | 'policy'>,
  pod: Pod,
  { message, ...rest }: Problem,
): Finding {
  const source = { policy, rule: PULL_SECRETS, container: undefined, pointer: `${pod.pointer}/imagePullSecrets` };
  return warning(source, { message: `pull secret ${quoteValue(name)} is not added: ${message}`, ...rest });
}
