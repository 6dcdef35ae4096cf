/** Policy documents that a command writes, as trees with comments. */
import { plain, type Tree, type TreeObject } from '../../install/yaml.ts';
import type { Vocabulary } from '../../policy/binding.ts';
import { readPolicy, readyRules } from '../../policy/document.ts';
import type { Policy } from '../../policy/policy.ts';

/** Namespaces that a derived policy leaves alone: the server does not review most of them. */
export const EXCLUDED = ['kube-system', 'kube-public', 'kube-node-lease', 'tidewaiter'] as const;

/** Reports whether a derived policy applies to objects of a namespace. */
export function isInScope({ namespace }: { readonly namespace: string | null }): boolean {
  return !EXCLUDED.some((name) => name === namespace);
}

export function binding(rule: string, parameters: Tree | undefined, action?: 'warn'): TreeObject {
  return {
    rule,
    ...(action === undefined ? {} : { action }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

export interface PolicyParts {
  readonly name: string;
  readonly description: string;
  readonly rules: readonly Tree[];
  /** In addition to EXCLUDED. */
  readonly excluded?: readonly string[];
}

export function policyTree({ name, description, rules, excluded = [] }: PolicyParts): TreeObject {
  return {
    apiVersion: 'tidewaiter.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name },
    spec: { description, exclude: { namespaces: [...EXCLUDED, ...excluded] }, rules },
  };
}

export async function policyOf(tree: Tree, vocabulary: Vocabulary): Promise<Policy> {
  const value = plain(tree);
  await readyRules(value, vocabulary);
  const read = readPolicy(value, vocabulary);
  if (!read.ok) throw new Error(`the generated policy is invalid: ${JSON.stringify(read.faults)}`);
  return read.policy;
}
