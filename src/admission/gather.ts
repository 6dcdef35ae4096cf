/** Fetches the facts that the rules in scope named, in parallel, before any rule runs. */
import type { Pod } from '../pod/containers.ts';
import { isObject } from '../pod/pointer.ts';
import { readObjects } from '../pod/read.ts';
import type { Workload } from '../pod/workload.ts';
import type { Fact, Facts, Labels, NamedSecret, Need, PodPullSecrets } from '../policy/fact.ts';
import { type Lookups, unknown } from './lookups.ts';

export interface Wanted {
  readonly workload: Workload;
  readonly needs: ReadonlySet<Need>;
  /** See AdmissionRequest. */
  readonly pluginsRan: boolean;
}

export async function gather(wanted: Wanted, labels: Fact<Labels>, ask: Lookups): Promise<Facts> {
  const { workload, needs } = wanted;
  const [digests, pullSecrets] = await Promise.all([
    needs.has('digests') ? digestsOf(workload, ask) : [],
    needs.has('pullSecrets') ? pullSecretsOf(wanted, ask) : [],
  ]);
  return { namespaceLabels: labels, digests: new Map(digests), pullSecrets: new Map(pullSecrets) };
}

function digestsOf({ containers }: Workload, ask: Lookups): Promise<readonly (readonly [string, Fact<string>])[]> {
  const references = new Map(
    containers.flatMap(({ image }) => (image.state === 'parsed' ? [[image.text, image.reference] as const] : [])),
  );
  return Promise.all([...references].map(async ([text, reference]) => [text, await ask.digestOf(reference)] as const));
}

/** Pods of one service account share its list. */
function pullSecretsOf(wanted: Wanted, ask: Lookups): Promise<readonly (readonly [string, PodPullSecrets])[]> {
  const accounts = new Map<string, Promise<PodPullSecrets>>();
  const ofAccount = (serviceAccount: string): Promise<PodPullSecrets> => {
    const known = accounts.get(serviceAccount) ?? secretsOfAccount(serviceAccount, ask);
    accounts.set(serviceAccount, known);
    return known;
  };
  return Promise.all(
    wanted.workload.pods.map(async (pod) => {
      const own = ownSecrets(pod, wanted, ask);
      return [pod.pointer, await (own ?? ofAccount(pod.serviceAccountName))] as const;
    }),
  );
}

/**
 * On creation of a Pod the ServiceAccount plugin fills in the list of the service account where the Pod has none, also where
 * that is empty; from then on the Pod's list is what counts (kubernetes plugin/pkg/admission/serviceaccount). An entry
 * without a name counts as a list there, and the kubelet skips it. `undefined`: the service account decides.
 */
function ownSecrets(pod: Pod, wanted: Wanted, ask: Lookups): Promise<PodPullSecrets> | undefined {
  const { serviceAccountName: serviceAccount } = pod;
  const { type, object } = wanted.workload;
  const isCore = type.group === '';
  if (isCore && type.kind === 'EphemeralContainers') {
    const secrets = unknown('the request shows only the ephemeral containers of the Pod');
    return Promise.resolve({ from: 'pod', serviceAccount, secrets });
  }
  const isPod = isCore && type.kind === 'Pod';
  if (isPod && isMirror(object)) {
    return Promise.resolve({ from: 'node', serviceAccount, secrets: { state: 'yes', value: [] } });
  }
  const isDecided = isPod && wanted.pluginsRan;
  if (!isDecided && readObjects(pod.spec, 'imagePullSecrets', pod.pointer).length === 0) return undefined;
  return named(pod.pullSecretNames, ask).then((value) => ({
    from: 'pod',
    serviceAccount,
    secrets: { state: 'yes', value },
  }));
}

/** The API's picture of a Pod that a node runs from a file of its own. The kubelet runs no other Pod with this annotation. */
function isMirror({ metadata }: Workload['object']): boolean {
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  return isObject(annotations) && typeof annotations['kubernetes.io/config.mirror'] === 'string';
}

async function secretsOfAccount(serviceAccount: string, ask: Lookups): Promise<PodPullSecrets> {
  const names = await ask.serviceAccount(serviceAccount);
  const secrets: Fact<readonly NamedSecret[]> =
    names.state === 'yes' ? { state: 'yes', value: await named(names.value, ask) } : names;
  return { from: 'service-account', serviceAccount, secrets };
}

function named(names: readonly string[], ask: Lookups): Promise<readonly NamedSecret[]> {
  const distinct = [...new Set(names)].filter((name) => name !== '');
  return Promise.all(distinct.map(async (name) => ({ name, secret: await ask.secret(name) })));
}
