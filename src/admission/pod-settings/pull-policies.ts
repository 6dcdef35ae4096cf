/**
 * Sets the pull policies of containers. An update that changes neither the image nor the pull policy of a container stays, so that
 * an applied manifest causes no rollout. The pull policies of live Pods and Jobs are immutable: they only change back.
 */
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import { PULL_POLICY } from '../../policy/change-rules.ts';
import type { Finding } from '../../policy/finding.ts';
import type { Covered } from '../../policy/plan.ts';
import type { PullPolicyEntry } from '../../policy/pull-policies.ts';
import { type PolicyOverContainer, policiesOver } from '../change/scoped-policies.ts';
import type { SetPullPolicy } from '../mutation.ts';
import { byPlace, placeKey } from '../pin/stored-digests.ts';
import { hasNoEffect, type PodChange, warning } from './pod-change.ts';

export interface PullPolicyChanges {
  readonly set: readonly SetPullPolicy[];
  readonly findings: readonly Finding[];
}

export function pullPolicyChanges(change: PodChange): PullPolicyChanges {
  const policies = change.covering.policies.filter(({ policy }) => policy.pullPolicies !== undefined);
  if (policies.length === 0) return { set: [], findings: [] };
  const before = change.stored && byPlace(change.stored);
  const results = change.workload.pods.flatMap(({ containers }) =>
    containers.map((container) => resultFor(container, change, { policies, before })),
  );
  return { set: results.flatMap(({ set }) => set ?? []), findings: results.flatMap(({ finding }) => finding ?? []) };
}

interface Selection {
  readonly policies: readonly Covered[];
  readonly before: ReadonlyMap<string, Container> | undefined;
}

interface Result {
  readonly set?: SetPullPolicy;
  readonly finding?: Finding;
}

function resultFor(container: Container, change: PodChange, { policies, before }: Selection): Result {
  const image = change.finalImage(container);
  const selected = image && entryFor(container, image, policies);
  if (image === undefined || selected === undefined) return {};
  const { entry } = selected;
  if (container.pullPolicy === entry.set || hasNoEffect(entry.mode, change)) return {};
  const stored = before?.get(placeKey(container));
  return canChange(container, { change, stored, image, wanted: entry.set }) ? changeTo(container, selected) : {};
}

function changeTo(container: Container, { entry, over }: Selected): Result {
  const policy = over.policy.name;
  const source = { policy, rule: PULL_POLICY, container, pointer: container.pullPolicyPointer };
  if (over.scopeUnknown !== undefined) {
    const message = `the pull policy is not set to ${entry.set}: cannot determine whether the policy applies: ${over.scopeUnknown}`;
    return { finding: warning(source, { message, outcome: 'unknown', undecided: 'scope' }) };
  }
  if (entry.mode === 'warn') {
    const message = `the pull policy is ${container.pullPolicy ?? 'not set'}; use ${entry.set}`;
    return { finding: warning(source, { message, outcome: 'violation' }) };
  }
  return { set: { policy, container, to: entry.set } };
}

interface Selected {
  readonly entry: PullPolicyEntry;
  readonly over: PolicyOverContainer;
}

function entryFor(container: Container, image: ImageReference, policies: readonly Covered[]): Selected | undefined {
  for (const over of policiesOver(container, image, policies)) {
    const entry = over.policy.pullPolicies?.find(({ covers }) => covers(image));
    if (entry !== undefined) return { entry, over };
  }
  return undefined;
}

interface Update {
  readonly change: PodChange;
  readonly stored: Container | undefined;
  readonly image: ImageReference;
  readonly wanted: string;
}

function canChange(container: Container, { change: { change }, stored, image, wanted }: Update): boolean {
  if (change.stored === undefined) return true;
  if (change.onlyEphemeral) return container.kind === 'ephemeral' && stored === undefined;
  if (change.digests === 'stored') return stored?.pullPolicy === wanted;
  return stored === undefined || stored.image.text !== image.text || stored.pullPolicy !== container.pullPolicy;
}
