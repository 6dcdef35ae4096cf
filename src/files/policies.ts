/** Policy files and folders -> policies. A bad document stops the load as a whole: nothing half-loads. */
import type { Policy } from '../policy/policy.ts';
import { readPolicy, readyRules, type Vocabulary } from '../policy/document.ts';
import { loadInputs } from './documents.ts';
import { isKustomization } from './kustomization.ts';
import { readDocuments } from './yaml.ts';

/** Every fault of every file, one a line: `file:line:column: pointer: what is wrong`. */
export class PolicyError extends Error {
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'PolicyError';
  }
}

export async function loadPolicies(paths: readonly string[], vocabulary: Vocabulary): Promise<readonly Policy[]> {
  const faults: string[] = [];
  const policies: Policy[] = [];
  const places = new Map<string, string>();
  for await (const input of loadInputs(paths)) {
    if ('problem' in input) {
      faults.push(`${input.path}: ${input.problem}`);
      continue;
    }
    for (const { policy, place } of await policiesIn(input, vocabulary, faults)) {
      const before = places.get(policy.name);
      if (before === undefined) places.set(policy.name, place);
      else faults.push(`${place}: metadata/name: there is already a policy "${policy.name}", at ${before}`);
      policies.push(policy);
    }
  }
  if (faults.length === 0 && policies.length === 0) faults.push(`${paths.join(', ')}: no policy in it`);
  if (faults.length > 0) throw new PolicyError(faults);
  return policies;
}

interface Placed {
  readonly policy: Policy;
  readonly place: string;
}

async function policiesIn(
  { path, text }: { readonly path: string; readonly text: string },
  vocabulary: Vocabulary,
  faults: string[],
): Promise<readonly Placed[]> {
  const documents = readDocuments(text);
  for (const document of documents) if (document.ok) await readyRules(document.value, vocabulary);
  return documents.flatMap((document) => {
    if (!document.ok) {
      faults.push(`${path}:${document.line}:${document.column}: ${document.problem}`);
      return [];
    }
    const at = (pointer: string, of: 'key' | 'value'): string => {
      const { line, column } = of === 'key' ? document.keyPositionOf(pointer) : document.positionOf(pointer);
      return `${path}:${line}:${column}`;
    };
    if (isKustomization(path)) return [];
    const read = readPolicy(document.value, vocabulary);
    if (read.ok) return [{ policy: read.policy, place: at('/metadata/name', 'value') }];
    for (const fault of read.faults) {
      const where = fault.pointer === '' ? '' : `${fault.pointer.slice(1)}: `;
      faults.push(`${at(fault.pointer, fault.at)}: ${where}${fault.problem}`);
    }
    return [];
  });
}
