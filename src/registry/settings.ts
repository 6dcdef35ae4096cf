/** The registry settings in the configuration, validated and with defaults. */
export interface RegistrySettings {
  /** The first entry whose `host` matches applies. */
  readonly registries: readonly RegistryEntry[];
  /** `listed`: only registries that an entry matches are queried. `any`: all registries with public addresses are. */
  readonly access: 'any' | 'listed';
}

export interface RegistryEntry {
  /** `registry.example.com:5000`, or with a glob in a label: `*.example.com`. The default port is 443, or 80 if `insecure`. */
  readonly host: string;
  /** Plain HTTP, for this registry and its token server. */
  readonly insecure: boolean;
  /** Allows private, loopback, and link-local addresses, but never metadata addresses. */
  readonly allowPrivate: boolean;
  /** PEM, added to the roots that Node trusts. */
  readonly ca: string | undefined;
  /** PEM; both or neither. */
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
  /** Tried in order before the registry itself. */
  readonly mirrors: readonly Mirror[];
  /** `none`, or the URL of a proxy. `undefined`: HTTPS_PROXY, HTTP_PROXY, and NO_PROXY apply. */
  readonly proxy: string | undefined;
  /** The maximum number of concurrent requests. */
  readonly concurrency: number;
}

/** The mirror's host can have its own entry with `insecure`, `allowPrivate`, or `ca`. */
export interface Mirror {
  /** Host and optional path prefix that replace the registry's host: `mirror.example.com/docker-hub`. */
  readonly location: string;
  /** True if the mirror also gets the registry's credentials. Otherwise requests to it are anonymous. */
  readonly forwardCredentials: boolean;
}

export const DEFAULT_CONCURRENCY = 8;

/** The settings of a registry, a token server, or a storage host that no entry matches. */
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
