/** What an installation can choose. */
import { type IpAddress, parseIp } from '../go/ip.ts';
import type { Need } from '../policy/fact.ts';
import type { CustomResources } from './custom-resources.ts';
import type { TreeObject } from './yaml.ts';

export interface InstallOptions {
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  /** Who fills in the Secret and the CA of the webhook configurations: the server itself, cert-manager, or you (`files`). */
  readonly tls: 'self' | 'cert-manager' | 'files';
  /** Who adds the webhooks to the webhook configurations: the server when it is ready, or you, with the other objects (`external`). */
  readonly registration: 'self' | 'external';
  /** For `files`: the CA of the certificate, PEM. Without it, you set it in the webhook configurations. */
  readonly ca?: string | undefined;
  /** What an outage of the server means for namespaces that do not choose: `open` allows objects, `closed` rejects them. */
  readonly fail: 'open' | 'closed';
  /** What the policies read from the cluster. */
  readonly needs: ReadonlySet<Need>;
  /** Whether a policy pins images, so that `/mutate` changes objects. */
  readonly pins: boolean;
  /** Whether reviews query registries. */
  readonly lookups: boolean;
  /** Secrets and ServiceAccounts are read only there. By default, in all namespaces. */
  readonly onlyNamespaces?: readonly string[] | undefined;
  /** The policy files, by name. */
  readonly policies: Readonly<Record<string, string>>;
  readonly plugins: PluginFiles;
  /** Other keys of the configuration file. */
  readonly settings: TreeObject;
  /** What the webhook reviews next to built-in resources. */
  readonly customResources: readonly CustomResources[];
  /** The addresses of API servers (CIDR); empty: every address reaches the port for reviews. */
  readonly apiServerRanges: readonly string[];
  /** undefined: reviews are not recorded. */
  readonly record?: RecordingVolume | undefined;
  /** With a ServiceMonitor for the Prometheus Operator. */
  readonly serviceMonitor: boolean;
  /** With a PrometheusRule for the Prometheus Operator. */
  readonly prometheusRule: boolean;
}

export interface RecordingVolume {
  /** Of the volume, in mebibytes. */
  readonly sizeMib: number;
  /** An existing PersistentVolumeClaim; by default an emptyDir. */
  readonly claim?: string | undefined;
}

export interface PluginFiles {
  /** By name: plugins, and the modules that they import. */
  readonly files: Readonly<Record<string, string>>;
  /** The names of the plugins. */
  readonly load: readonly string[];
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

/** As NetworkPolicies accept it, for example `10.0.0.0/24`: without bits after the prefix, and without IPv4 as IPv6. */
export function isAddressRange(text: string): boolean {
  const [, address = '', bits = ''] = /^([0-9a-f.:]+)\/(0|[1-9]\d{0,2})$/i.exec(text) ?? [];
  const ip = parseIp(address);
  const length = Number(bits);
  if (ip === undefined || length > ip.words.length * WORD_BITS || isMapped(ip)) return false;
  return ip.words.every((word, index) => (word & (MAX_WORD >> clamp(length - index * WORD_BITS))) === 0);
}

const WORD_BITS = 16;
const MAX_WORD = 0xffff;

const clamp = (bits: number): number => Math.min(Math.max(bits, 0), WORD_BITS);

/** ::ffff:10.0.0.0 */
function isMapped({ family, words }: IpAddress): boolean {
  return family === 6 && words.slice(0, 6).every((word, index) => word === (index === 5 ? MAX_WORD : 0));
}

/** Namespaces of every cluster: others use them, and those of the server are not reviewed. */
export const SHARED_NAMESPACES: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
