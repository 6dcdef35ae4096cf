/** What the configuration says about registries, read and complete. */
export interface RegistrySettings {
  /** The first whose `host` matches counts. */
  readonly registries: readonly RegistryEntry[];
  /** `listed`: a registry that no entry matches is not asked. `any`: every public address is. */
  readonly access: 'any' | 'listed';
}

export interface RegistryEntry {
  /** `registry.example.com:5000`, or with a glob in a label: `*.example.com`. Without a port it is about that of its scheme: 443, and 80 where it is `insecure`. */
  readonly host: string;
  /** Plain HTTP, for this registry and its token server. */
  readonly insecure: boolean;
  /** Private, loopback and link-local addresses are allowed; metadata addresses never are. */
  readonly allowPrivate: boolean;
  /** PEM, beside the roots that Node trusts. */
  readonly ca: string | undefined;
  /** PEM; both or neither. */
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
  /** Tried in order before the registry itself. */
  readonly mirrors: readonly Mirror[];
  /** `none`, or the URL of a proxy; `undefined`: as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say. */
  readonly proxy: string | undefined;
  /** Requests at the same time. */
  readonly concurrency: number;
}

/** Its host may have an entry of its own, which says how it is reached: `insecure`, `allowPrivate`, `ca`. */
export interface Mirror {
  /** Host and optional path prefix that stand in the place of the registry's host: `mirror.example.com/docker-hub`. */
  readonly location: string;
  /** Whether the mirror also gets the registry's credentials. Otherwise requests to it are anonymous. */
  readonly forwardCredentials: boolean;
}

export const DEFAULT_CONCURRENCY = 8;

/** A registry, a token server or a storage host that no entry matches. */
export const UNLISTED: RegistryEntry = {
  host: '',
  insecure: false,
  allowPrivate: false,
  ca: undefined,
  clientCert: undefined,
  clientKey: undefined,
  mirrors: [],
  proxy: undefined,
  concurrency: DEFAULT_CONCURRENCY,
};
