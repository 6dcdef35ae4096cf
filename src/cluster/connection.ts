/** An API server and a user of it: from a kubeconfig context, or from the ServiceAccount of a Pod. */
import type { JsonObject } from '../pod/pointer.ts';
import type { INTERACTIVE_MODES } from './kubeconfig-schema.ts';

export interface Connection {
  readonly server: ServerSettings;
  readonly user: UserSettings;
  readonly namespace: string;
}

/** PEM text, or a file that contains it. */
export type Pem = { readonly text: string } | { readonly file: string };

export interface ServerSettings {
  readonly url: URL;
  /** The URL without its password. */
  readonly shown: string;
  /** Replaces the CAs of the system. */
  readonly ca: Pem | undefined;
  readonly skipsTlsVerification: boolean;
  readonly tlsServerName: string | undefined;
  /** Instead of the proxy of the environment. */
  readonly proxyUrl: string | undefined;
  /** For messages: `cluster "prod" in ~/.kube/config`, or the directory of the ServiceAccount. */
  readonly title: string;
  /** What a credential plugin gets with provideClusterInfo, as JSON. */
  readonly entry: JsonObject;
}

export interface UserSettings {
  /** For messages: `user "ann" in ~/.kube/config`, or the ServiceAccount of the Pod. */
  readonly title: string;
  readonly certificate: { readonly cert: Pem; readonly key: Pem } | undefined;
  readonly credential: CredentialSettings;
  readonly impersonation: readonly (readonly [header: string, value: string])[];
}

/** How the user gets its `Authorization` header. */
export type CredentialSettings =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'tokenFile'; readonly file: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'exec'; readonly exec: ExecSettings }
  /** `auth-provider` as written. */
  | { readonly kind: 'provider'; readonly provider: JsonObject };

export interface ExecSettings {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly apiVersion: string;
  readonly installHint: string;
  readonly interactiveMode: (typeof INTERACTIVE_MODES)[number];
  readonly providesClusterInfo: boolean;
}
