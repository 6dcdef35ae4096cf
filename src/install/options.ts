/** What an installation can choose. */
import { parseIp } from '../go/ip.ts';
import type { Need } from '../policy/fact.ts';

export interface InstallOptions {
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  /** Who fills in the Secret and the CA of the webhook configurations: the server itself, cert-manager, or you (`files`). */
  readonly tls: 'self' | 'cert-manager' | 'files';
  /** Who applies the webhook configurations: the server when it is ready, or you, with the other objects (`external`). */
  readonly registration: 'self' | 'external';
  /** For `files`: the CA of the certificate, PEM; undefined: it is set in the webhook configurations afterward. */
  readonly ca?: string | undefined;
  /** What an outage of the server means for namespaces that do not choose: `open` allows objects, `closed` rejects them. */
  readonly fail: 'open' | 'closed';
  /** What the policies read from the cluster. */
  readonly needs: ReadonlySet<Need>;
  /** Whether a policy pins images, so that `/mutate` changes objects. */
  readonly pins: boolean;
  /** Whether reviews query registries. */
  readonly lookups: boolean;
  /** Secrets and ServiceAccounts are read only there; undefined: in all namespaces. */
  readonly onlyNamespaces?: readonly string[] | undefined;
  /** The policy files, by name. */
  readonly policies: Readonly<Record<string, string>>;
  /** The addresses of API servers (CIDR); empty: every address reaches the port for reviews. */
  readonly apiServerRanges: readonly string[];
  /** With a ServiceMonitor for the Prometheus Operator. */
  readonly serviceMonitor: boolean;
  /** With a PrometheusRule for the Prometheus Operator. */
  readonly prometheusRule: boolean;
}

/** The name of every object of ours, also of those without a namespace: a cluster has one installation. */
export const NAME = 'tidewaiter';

export const LABELS = { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/part-of': NAME } as const;

export const SELECTOR = { 'app.kubernetes.io/name': NAME } as const;

/** With its key and its certificate, as of type kubernetes.io/tls. */
export const TLS_SECRET = 'tidewaiter-tls';

/** A namespace with this label chooses what an outage of the server means for its objects. */
export const FAIL_LABEL = 'tidewaiter.dev/fail';

/** `metadata` of an object in the namespace of the server. */
export function inNamespace({ namespace }: Pick<InstallOptions, 'namespace'>, name: string = NAME) {
  return { name, namespace, labels: LABELS };
}

/** As NetworkPolicies accept it, for example `10.0.0.0/24`. */
export function isAddressRange(text: string): boolean {
  const [, address = '', bits = ''] = /^([0-9a-f.:]+)\/(0|[1-9]\d{0,2})$/i.exec(text) ?? [];
  return parseIp(address) !== undefined && Number(bits) <= (address.includes(':') ? 128 : 32);
}
