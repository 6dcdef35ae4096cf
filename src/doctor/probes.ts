/** Dry runs of an object that the webhook denies: whether the API server reaches the server, and how long it takes. */
import { MUTATED, PROBE_ANNOTATION } from '../admission/probe.ts';
import { ApiError, ApiOutage, type ClusterApi } from '../cluster/api.ts';
import { quoteValue } from '../image/quote.ts';
import type { Labels } from '../policy/fact.ts';
import { NAME_LABEL } from '../policy/selector.ts';
import type { DoctorProbeRow } from '../report/doctor.ts';
import { type Known, known, type Unknown, unknown } from './known.ts';
import { isValidating, matchesNamespace, matchesTarget, ours } from './matching.ts';
import { pathOf, permissionFor } from './reader.ts';
import type { Webhook } from './values.ts';

export interface ProbeTargets {
  readonly webhooks: readonly Webhook[];
  readonly namespaces: ReadonlyMap<string, Labels>;
  /** undefined: a namespace for each webhook is chosen. */
  readonly namespace: string | undefined;
}

/** The API server waits 30 s at most for a webhook. */
const TIMEOUT_MS = 35_000;

export async function probe(api: ClusterApi, targets: ProbeTargets): Promise<Known<readonly DoctorProbeRow[]>> {
  const validating = ours(targets.webhooks).filter(isValidating);
  const planned = validating.flatMap((webhook) => {
    const namespace = namespaceFor(webhook, targets);
    return namespace === undefined ? [] : [{ webhook, namespace }];
  });
  if (validating.length > 0 && planned.length === 0)
    return unknown('no webhook selects a namespace for a probe; choose one with --probe-namespace');
  const rows: DoctorProbeRow[] = [];
  for (const { webhook, namespace } of planned) {
    const row = await probeOnce(api, webhook, { ...targets, namespace });
    if ('state' in row) return row;
    rows.push(row);
  }
  return known(rows);
}

/** `default`, or the first namespace that the webhook selects. */
function namespaceFor(webhook: Webhook, { namespaces, namespace }: ProbeTargets): string | undefined {
  const names = namespace === undefined ? ['default', ...[...namespaces.keys()].toSorted()] : [namespace];
  return names.find((name) => {
    const labels = namespaces.get(name) ?? (name === namespace ? { [NAME_LABEL]: name } : undefined);
    return labels !== undefined && matchesNamespace(webhook, labels);
  });
}

const PROBE = {
  apiVersion: 'v1',
  kind: 'PodTemplate',
  metadata: { name: 'tidewaiter-doctor-probe', annotations: { [PROBE_ANNOTATION]: 'doctor' } },
  // Servers without an answer to probes deny it by their policies, because the image is not a reference.
  template: { spec: { containers: [{ name: 'probe', image: 'tidewaiter doctor: not an image' }] } },
};

async function probeOnce(
  api: ClusterApi,
  webhook: Webhook,
  targets: ProbeTargets & { readonly namespace: string },
): Promise<DoctorProbeRow | Unknown> {
  const { namespace } = targets;
  const resource = { version: 'v1', resource: 'podtemplates', namespace };
  const start = performance.now();
  const error = await api
    .request({
      method: 'POST',
      path: pathOf(resource),
      query: { dryRun: 'All' },
      body: PROBE,
      timeoutMs: TIMEOUT_MS,
    })
    .then(() => undefined)
    .catch((reason: unknown) => reason);
  const latencyMs = Math.round(performance.now() - start);
  const { name, failurePolicy = 'Fail' } = webhook;
  const row = { webhook: name, namespace, failurePolicy, latencyMs };
  if (error === undefined) return { ...row, outcome: 'not-called', message: '', mutated: null };
  if (error instanceof ApiOutage) return unknownProbe(error.message);
  if (!(error instanceof ApiError)) throw error;
  const { message } = error;
  const names = ours(targets.webhooks).map((each) => each.name);
  if (names.some((each) => message.includes(`admission webhook "${each}" denied the request`)))
    return { ...row, outcome: 'answered', message, mutated: mutated(message, targets) };
  const isUncalled = names.some((each) => message.includes(`failed calling webhook "${each}"`));
  if (isUncalled || CONDITION_FAILED.test(message)) return { ...row, outcome: 'failed', message, mutated: null };
  if (error.status === 403 && message.includes('cannot create resource')) {
    const permission = permissionFor('create', resource);
    return {
      state: 'unknown',
      reason: `your user is not allowed to create podtemplates in namespace ${namespace}`,
      permission,
    };
  }
  return unknownProbe(`the API server rejected the probe (HTTP ${error.status}, ${quoteValue(message, 500)})`);
}

/** k8s.io/apiserver, matchconditions: with failurePolicy Fail, a condition that fails rejects the request. */
const CONDITION_FAILED = /expression '.*' resulted in error/s;

function unknownProbe(reason: string): Unknown {
  return { state: 'unknown', reason, permission: null };
}

/** null: no mutating webhook selects the namespace, or the server does not answer probes. */
function mutated(message: string, { webhooks, namespaces, namespace }: ProbeTargets): boolean | null {
  const labels = namespaces.get(namespace ?? '');
  const isSelected = ours(webhooks).some(
    (webhook) =>
      !isValidating(webhook) &&
      matchesTarget(webhook, { group: '', resource: 'podtemplates', subresource: '', operation: 'CREATE' }) &&
      (labels === undefined || matchesNamespace(webhook, labels)),
  );
  return isSelected && message.includes('answered the probe') ? message.includes(MUTATED) : null;
}
