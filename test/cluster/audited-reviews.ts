// What the audit log says about the reviews of Pods: which generation of the policies decided, and how.
import { readFileSync } from 'node:fs';

interface AuditEvent {
  readonly objectRef: { readonly namespace?: string };
  readonly requestObject: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  readonly responseStatus: { readonly code: number };
  readonly annotations: Readonly<Record<string, string>>;
}

const VALIDATED_BY = /^validate.*\/generation$/;

/** By generation: each image of a Pod with the status of its request. */
export function auditedReviews(auditLog: string, namespace: string): ReadonlyMap<string, ReadonlySet<string>> {
  const events = readFileSync(auditLog, 'utf8')
    .split('\n')
    .filter((line) => line.includes('/generation"'))
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ objectRef }) => objectRef.namespace === namespace);
  const found = new Map<string, Set<string>>();
  for (const event of events) {
    const key = Object.keys(event.annotations).find((one) => VALIDATED_BY.test(one)) ?? '';
    const generation = String(event.annotations[key]);
    const results = found.get(generation) ?? new Set();
    const images = event.requestObject.spec.containers.map(({ image }) => image);
    found.set(generation, results.add(`${images.join()} ${event.responseStatus.code}`));
  }
  return found;
}
