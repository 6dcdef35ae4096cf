/** The values that the checks read. */
import type { X509Certificate } from 'node:crypto';
import type { AccessRule } from '../install/access.ts';
import type { Labels, Need } from '../policy/fact.ts';
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
  readonly policyFiles: Loading;
  readonly policies: PolicyFacts;
  readonly certificateFiles: readonly CertificateFile[];
  /** Unix time in milliseconds on this machine. */
  readonly now: number;
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
  readonly access: readonly AccessResult[];
  readonly time: ClusterTime;
  readonly probes: readonly DoctorProbeRow[];
  readonly customResources: readonly CustomResource[];
  /** What replicas say about themselves. */
  readonly replicas: readonly Replica[];
  readonly policyUse: PolicyUse;
}

export interface Loading {
  /** undefined: it is loaded. */
  readonly problem: string | undefined;
}

export interface PolicyFacts {
  /** `built-in`, files and directories, or a ConfigMap. */
  readonly source: string;
  readonly names: readonly string[];
  /** Custom kinds that the policies or the configuration name. */
  readonly kinds: readonly NamedKind[];
  /** From the cluster. */
  readonly needs: ReadonlySet<Need>;
  readonly pins: boolean;
  readonly lookups: boolean;
  /** Policies and exceptions without effect. */
  readonly notices: readonly { readonly place: string; readonly message: string }[];
}

export interface NamedKind {
  readonly group: string;
  readonly kind: string;
}

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
  readonly isOurs: boolean;
}

/** A certificate that a server of the webhook presents. */
export interface ServedChain {
  /** Where it was read: a Secret, or a URL. */
  readonly from: string;
  /** The webhooks that get it. */
  readonly webhooks: readonly Webhook[];
  /** The leaf first. */
  readonly certificates: readonly [X509Certificate, ...X509Certificate[]];
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
  readonly metrics: Known<ReplicaMetrics>;
}

export interface ReplicaMetrics {
  readonly version: string | undefined;
  /** Of `/validate`, since the start of the process. */
  readonly reviews: number;
  /** Reviews by the name of the policy that covered them; without policies that covered none. */
  readonly byPolicy: ReadonlyMap<string, number>;
}

/** The sum of all replicas. */
export type PolicyUse = Pick<ReplicaMetrics, 'reviews' | 'byPolicy'>;
