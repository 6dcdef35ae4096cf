/** Values that were read, and values that could not be read. */

/** A value that could not be read has a reason, and the missing permission if that is the reason. */
export type Known<T> = { readonly state: 'known'; readonly value: T } | Unknown;

export interface Unknown {
  readonly state: 'unknown';
  readonly reason: string;
  readonly permission: Permission | null;
}

/** A rule of a Role or a ClusterRole. */
export interface Permission {
  readonly verb: string;
  /** `''` for the core group. */
  readonly group: string;
  /** With its subresource, for example `pods/proxy`. */
  readonly resource: string;
  /** null: in all namespaces, or the resource has no namespace. */
  readonly namespace: string | null;
}

export function known<T>(value: T): Known<T> {
  return { state: 'known', value };
}

export function unknown(reason: string, permission: Permission | null = null): Unknown {
  return { state: 'unknown', reason, permission };
}

/** `list networkpolicies.networking.k8s.io in namespace tidewaiter` */
export function permissionText({ verb, group, resource, namespace }: Permission): string {
  const where = namespace === null ? '' : ` in namespace ${namespace}`;
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}${where}`;
}

/** Calls `use` with the value, or passes on why it is unknown. */
export async function whenRead<T, R>(value: Known<T>, use: (value: T) => Promise<Known<R>>): Promise<Known<R>> {
  return value.state === 'known' ? use(value.value) : value;
}
