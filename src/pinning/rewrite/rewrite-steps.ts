/** The rewrites of policies for an image in a file: as if its object were created. */
import type { ChangedImage } from '../../admission/change/changed-images.ts';
import { rewritingPolicies, type Step, stepsOf } from '../../admission/rewrite/chain.ts';
import { type RewriteState, undecided } from '../../admission/rewrite/decide.ts';
import type { Container } from '../../pod/containers.ts';
import { FILE_GROUP, FILE_KINDS } from '../../pod/file-kinds.ts';
import type { KindTable } from '../../pod/kinds.ts';
import type { ObjectType } from '../../pod/workload.ts';
import type { Fact, Labels } from '../../policy/fact.ts';
import { planned } from '../../policy/plan.ts';
import type { Policy } from '../../policy/policy.ts';
import type { ScopeRequest } from '../../policy/scope-request.ts';
import type { ImageLocation } from '../image-location.ts';
import type { NamedImage } from './named-images.ts';

export interface StepsInput {
  readonly policies: readonly Policy[];
  readonly kinds: KindTable;
  /** The namespace of objects that state none. */
  readonly namespace: string;
  readonly labelsOf: (namespace: string) => Fact<Labels>;
}

/** The mode is about what the webhook changes; files change because the user says so. */
export function rewriteStateOf({ origin, reference }: NamedImage, input: StepsInput): RewriteState {
  const container = containerOf(origin, reference);
  const steps = fileStepsOf({ origin, reference }, input).map((step): Step => {
    return { ...step, rewrite: { ...step.rewrite, mode: 'workload' } };
  });
  return undecided({ container, reference, stored: undefined, isRestarted: false }, steps);
}

type FileImage = Pick<NamedImage, 'origin' | 'reference'>;

/** Without a lookup, and with the modes of the rewrites. */
export function fileStepsOf({ origin, reference }: FileImage, input: StepsInput): readonly Step[] {
  const request = scopeRequestOf({ origin, reference }, input);
  const policies = rewritingPolicies(planned(input.policies, request).policies);
  return request.workload.containers.flatMap((container) => stepsOf(container, reference, policies));
}

/** The creation of an object with only this image. */
export function scopeRequestOf({ origin, reference }: FileImage, input: StepsInput): ScopeRequest {
  return requestFor(origin, containerOf(origin, reference), input);
}

function containerOf({ container = 'regular' }: ImageLocation, reference: ChangedImage['reference']): Container {
  return {
    kind: container,
    name: undefined,
    pointer: '',
    imagePointer: '',
    image: { state: 'parsed', text: reference.text, reference },
    pullPolicy: undefined,
    pullPolicyPointer: '',
    ports: [],
    fields: {},
  };
}

/** Scopes depend on the type, the namespace, and the container only. */
function requestFor(
  location: ImageLocation,
  container: Container,
  { kinds, namespace: byDefault, labelsOf }: StepsInput,
): ScopeRequest {
  const type = typeAt(location);
  const namespace = namespaceAt(location, { kinds, namespace: byDefault });
  return {
    operation: 'CREATE',
    namespace,
    workload: {
      object: {},
      type,
      name: location.object?.name ?? '',
      clusterScoped: namespace === undefined,
      pods: [],
      containers: [container],
      publishedPorts: [],
    },
    namespaceLabels: namespace === undefined ? { state: 'no' } : labelsOf(namespace),
    name: location.object?.name ?? '',
    subResource: '',
    user: undefined,
    oldObject: undefined,
    dryRun: true,
  };
}

/** The kinds of files that are no objects, by the name of the format. */
const KINDS: Readonly<Record<string, string>> = { ...FILE_KINDS, 'helm-values': 'HelmValues' };

function typeAt({ format, object }: ImageLocation): ObjectType {
  if (object !== undefined) return { group: object.group, version: 'v1', kind: object.kind };
  const kind = KINDS[format];
  return kind === undefined ? { group: '', version: 'v1', kind: '' } : { group: FILE_GROUP, version: 'v1', kind };
}

/** undefined: the object has none, or the file is no object, as in `check`. */
export function namespaceAt(
  { format, object }: ImageLocation,
  { kinds, namespace }: Pick<StepsInput, 'kinds' | 'namespace'>,
): string | undefined {
  if (Object.hasOwn(KINDS, format)) return undefined;
  if (object !== undefined && kinds.find(object.group, object.kind)?.clusterScoped) return undefined;
  return object?.namespace ?? namespace;
}
