/**
 * Identifies a finding across runs: by workload, container, rule, and value, and not by file, line, message, or policy. Of custom rules,
 * whose value can be a whole object, the values that they read count. Of an unknown result, the reason counts, because an image that a
 * registry hides today can be missing tomorrow.
 */
import { createHash } from 'node:crypto';
import { pointerSegments } from '../pod/pointer.ts';
import type { LazyValues } from '../policy/compared-values.ts';

/** What a fingerprint depends on; the keys are those of a finding in reports. */
export interface Identified {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly container: string | null;
  readonly containerKind: string | null;
  readonly pointer: string;
  readonly policy: string;
  readonly rule: string;
  readonly outcome: string;
  readonly message: string;
}

/** What was checked: the value at the pointer, and the values that a custom rule read. */
export interface Checked {
  readonly value: unknown;
  readonly seen?: LazyValues | undefined;
}

/** Gives equal findings of one run different fingerprints. */
export type Fingerprints = (hash: string) => string;

export function createFingerprints(): Fingerprints {
  const count = new Map<string, number>();
  return (hash) => {
    const nth = (count.get(hash) ?? 0) + 1;
    count.set(hash, nth);
    return `${hash}:${nth}`;
  };
}

/** Times and counts vary between runs; the status of a response is a reason. */
function reasonOf({ outcome, message }: Identified): readonly string[] {
  return outcome === 'violation' ? [] : [message.replaceAll(/(?<!HTTP |[\d.])\d+(?:\.\d+)*/g, '0')];
}

/** The version of the API and the order of containers and lists can change without a new finding. */
export function hashOf(row: Identified, { value, seen }: Checked): string {
  const { apiVersion, kind, namespace, name, container, containerKind, pointer, policy, rule, outcome } = row;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const at = pointerSegments(pointer).map((segment) => (/^\d+$/.test(segment) ? '*' : segment));
  // All CEL rules have one name; the policy has the expressions, and the message tells them apart.
  const which = rule === 'cel' ? [rule, policy, row.message] : [rule, ...reasonOf(row)];
  const what = typeof value === 'object' ? null : value;
  const hash = createHash('sha256');
  hash.update(JSON.stringify([which, outcome, group, kind, namespace, name, containerKind, container, at, what]));
  for (const { text } of seen?.() ?? []) hash.update(`\0${text ?? ''}`);
  return hash.digest('hex').slice(0, 32);
}
