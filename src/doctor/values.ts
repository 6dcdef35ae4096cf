/** The values that the checks read. */
import type { X509Certificate } from 'node:crypto';
import type { Labels, Need } from '../policy/fact.ts';
import type { DoctorProbeRow } from '../report/doctor.ts';
import type { Deployment, WebhookFields } from './objects.ts';

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
  readonly probes: readonly DoctorProbeRow[];
}

export interface Loading {
  /** undefined: it is loaded. */
  readonly problem: string | undefined;
}

export interface PolicyFacts {
  /** `built-in`, files and directories, or a ConfigMap. */
  readonly source: string;
  readonly names: readonly string[];
  /** From the cluster. */
  readonly needs: ReadonlySet<Need>;
  readonly pins: boolean;
  readonly lookups: boolean;
  /** Policies and exceptions without effect. */
  readonly notices: readonly { readonly place: string; readonly message: string }[];
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
