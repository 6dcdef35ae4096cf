/** Roles and their bindings to the ServiceAccount of the server. */
import type { AccessRule } from './access.ts';
import { LABELS, NAME } from './options.ts';
import { commented, type Tree, type TreeObject } from './yaml.ts';

const API = 'rbac.authorization.k8s.io';

export interface RoleOptions {
  /** The namespace of the server. */
  readonly namespace: string;
  /** Instead of all namespaces. */
  readonly onlyNamespaces?: readonly string[] | undefined;
}

/** Resources without a namespace, which only a ClusterRole can allow. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'namespaces',
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
]);

/** The roles for objects in any namespace, or in chosen ones; none if there are no rules. */
export function clusterRoles(rules: readonly AccessRule[], options: RoleOptions): readonly TreeObject[] {
  const { namespace, onlyNamespaces } = options;
  if (onlyNamespaces === undefined) return pair({ kind: 'ClusterRole', rules, namespace });
  const isGlobal = ({ resource }: AccessRule): boolean => CLUSTER_SCOPED.has(resource);
  return [
    ...pair({ kind: 'ClusterRole', rules: rules.filter(isGlobal), namespace }),
    ...onlyNamespaces.flatMap((target) =>
      pair({ kind: 'Role', rules: rules.filter((rule) => !isGlobal(rule)), namespace, target }),
    ),
  ];
}

/** The Role in the namespace of the server, for its own objects. */
export function ownRole(rules: readonly AccessRule[], namespace: string): readonly TreeObject[] {
  return pair({ kind: 'Role', rules, namespace, target: namespace, name: `${NAME}-own` });
}

interface Pair {
  readonly kind: 'ClusterRole' | 'Role';
  readonly rules: readonly AccessRule[];
  /** The namespace of the server. */
  readonly namespace: string;
  /** The namespace of a Role. */
  readonly target?: string;
  readonly name?: string;
}

function pair({ kind, rules, namespace, target, name = NAME }: Pair): readonly TreeObject[] {
  if (rules.length === 0) return [];
  const metadata = { name, ...(target === undefined ? {} : { namespace: target }), labels: LABELS };
  const apiVersion = `${API}/v1`;
  return [
    { apiVersion, kind, metadata, rules: rules.map(ruleTree) },
    {
      apiVersion,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: API, kind, name },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace }],
    },
  ];
}

function ruleTree({ apiGroup, resource, names, verbs, why }: AccessRule): Tree {
  return commented(why, {
    apiGroups: [apiGroup],
    resources: [resource],
    ...(names === undefined ? {} : { resourceNames: names }),
    verbs,
  });
}
