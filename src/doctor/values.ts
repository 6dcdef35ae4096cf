/** The values that the checks read. */
import type { NamedKind } from '../install/custom-resources.ts';
import type { X509Certificate } from 'node:crypto';
import type { AccessRule } from '../install/access.ts';
import type { Labels, Need } from '../policy/fact.ts';
import type { Policy } from '../policy/policy.ts';
import type { RegistryFailure } from '../policy/registry-fact.ts';
import type { DoctorProbeRow } from '../report/doctor.ts';
import type { Known } from './known.ts';
import type {
  Deployment,
  DisruptionBudget,
  EndpointSlice,
  NetworkPolicy,
  Pod,
  Service,
  WebhookFields,
} from './objects.ts';

export interface Values {
  readonly configuration: Loading;
  /** Of the server; its files are not read. */
  readonly serverConfiguration: ServerConfiguration;
  readonly policyFiles: Loading;
  readonly policies: PolicyFacts;
  readonly certificateFiles: readonly CertificateFile[];
  /** Unix time in milliseconds on this machine. */
  readonly now: number;
  readonly registries: readonly RegistryTest[];
  /** All webhooks of the cluster. */
  readonly webhooks: readonly Webhook[];
  /** Labels by the name of the namespace. */
  readonly namespaces: ReadonlyMap<string, Labels>;
  /** The namespace of the installation. */
  readonly namespace: string;
  /** undefined: it does not exist. */
  readonly deployment: Deployment | undefined;
  /** The Pods of the Deployment, without those that have ended. */
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly endpoints: readonly EndpointSlice[];
  readonly budgets: readonly DisruptionBudget[];
  readonly networkPolicies: readonly NetworkPolicy[];
  readonly chains: readonly ServedChain[];
  /** Secrets whose certificate cannot be read, so that they have no chain. */
  readonly unreadableSecrets: readonly UnreadableSecret[];
  readonly access: readonly AccessResult[];
  readonly time: ClusterTime;
  readonly probes: readonly DoctorProbeRow[];
  readonly customResources: readonly CustomResource[];
  /** What replicas say about themselves. */
  readonly replicas: readonly Replica[];
  /** Those of all replicas; unknown if one cannot be read. */
  readonly replicaMetrics: readonly ReadReplica[];
  readonly policyUse: PolicyUse;
}

export interface Loading {
  /** undefined: it is loaded. */
  readonly problem: string | undefined;
}

export interface RegistryTest {
  readonly registry: string;
  /** undefined: it responded. */
  readonly failure: RegistryFailure | undefined;
}

export interface ServerConfiguration {
  /** The ConfigMap; undefined: there is none. */
  readonly source: string | undefined;
  readonly faults: readonly string[];
  /** Whether the server applies the webhook configurations. */
  readonly registersItself: boolean;
  /** What an outage means for namespaces without the label; undefined: the configuration does not contain it. */
  readonly fail: 'open' | 'closed' | undefined;
}

export interface PolicyFacts {
  /** `built-in`, files and directories, or a ConfigMap. */
  readonly source: string;
  readonly names: readonly string[];
  readonly scopes: readonly PolicyScope[];
  /** The hosts of registries that they name, without globs and what they deny. */
  readonly registries: readonly string[];
  /** Custom kinds that the policies or the configuration name. */
  readonly kinds: readonly NamedKind[];
  /** From the cluster. */
  readonly needs: ReadonlySet<Need>;
  readonly pins: boolean;
  readonly lookups: boolean;
  /** Policies and exceptions without effect. */
  readonly notices: readonly { readonly place: string; readonly message: string }[];
}

export type PolicyScope = Pick<Policy, 'scope' | 'pin' | 'needs'>;

/** Of a custom kind that the cluster has. */
export interface CustomResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export interface CertificateFile {
  readonly file: string;
  /** undefined: it is valid. */
  readonly problem: string | undefined;
  readonly certificate: X509Certificate | undefined;
}

export interface Webhook extends WebhookFields {
  readonly kind: 'ValidatingWebhookConfiguration' | 'MutatingWebhookConfiguration';
  /** The name of the configuration. */
  readonly configuration: string;
  /** Of the installation that is checked. */
  readonly isOurs: boolean;
  /** Of tidewaiter, with a server in another namespace. */
  readonly isOfOther: boolean;
}

/** A certificate that a server of the webhook presents. */
export interface ServedChain {
  /** Where it was read: a Secret, or a URL. */
  readonly from: string;
  /** The webhooks that get it. */
  readonly webhooks: readonly Webhook[];
  /** The leaf first. */
  readonly certificates: readonly [X509Certificate, ...X509Certificate[]];
  /** undefined: it was read from a URL. */
  readonly secret: SecretState | undefined;
}

export interface UnreadableSecret {
  /** `Secret tidewaiter/tidewaiter-tls` */
  readonly from: string;
  readonly problem: string;
  /** undefined: the Secret does not exist. */
  readonly isOfCertManager: boolean | undefined;
}

export interface SecretState {
  /** Unix time in milliseconds of the last change; undefined: the Secret does not contain it. */
  readonly changedAt: number | undefined;
}

export interface AccessResult {
  readonly rule: AccessRule;
  readonly verb: string;
  /** The namespaces in which it is not allowed; `'*'`: everywhere. */
  readonly denied: readonly string[];
}

export interface ClusterTime {
  /** Unix time in milliseconds of the API server, with a resolution of one second. */
  readonly server: number;
  /** Unix time in milliseconds here, before the request and after the response. */
  readonly before: number;
  readonly after: number;
}

export interface Replica {
  readonly pod: string;
  readonly image: string;
  /** Unix time in milliseconds; undefined: the kubelet has not reported it. */
  readonly startedAt: number | undefined;
  readonly metrics: Known<ReplicaMetrics>;
}

export interface ReadReplica extends Omit<Replica, 'metrics'> {
  readonly metrics: ReplicaMetrics;
}

export interface ReplicaMetrics {
  readonly version: string | undefined;
  /** Of `/validate`, since the start of the process. */
  readonly reviews: number;
  /** Reviews by the name of the policy that covered them; without policies that covered none. */
  readonly byPolicy: ReadonlyMap<string, number>;
  /** Its clock; undefined: this version does not report it. */
  readonly clock: ReplicaClock | undefined;
  /** The fingerprint of the serving certificate; undefined: this version does not report it. */
  readonly certificate: string | undefined;
  /** Whether a newer certificate cannot be used or renewed, so that an earlier one stays. */
  readonly hasCertificateProblem: boolean;
  /** A hash of the policies in use. */
  readonly generation: string | undefined;
  /** Unix time in milliseconds at which they were loaded. */
  readonly loadedAt: number | undefined;
  /** Whether the last reload failed, so that earlier policies are in use. */
  readonly hasReloadFailed: boolean;
}

export interface ReplicaClock {
  /** Unix time in milliseconds of the replica. */
  readonly time: number;
  /** Unix time in milliseconds here, before the request and after the response. */
  readonly before: number;
  readonly after: number;
}

/** The sum of all replicas. */
export interface PolicyUse extends Pick<ReplicaMetrics, 'reviews' | 'byPolicy'> {
  /** Unix time in milliseconds since which the newest replica has used its policies. */
  readonly since: number | undefined;
  /** Whether a replica has loaded other policies since its start, so that the reviews before do not count. */
  readonly isReloaded: boolean;
}
