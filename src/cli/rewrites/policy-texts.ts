/** Converted policies -> documents. Entries that tidewaiter would reject are left out, with the reason. */
import { parseRewriting, rewritingCycle } from '../../image/rewriting.ts';
import { commented, type Tree, type TreeObject } from '../../install/yaml.ts';
import { API_VERSION } from '../../policy/document-schema.ts';
import { fileText } from '../../files/location-text.ts';
import { changedAgain, keptBefore, type ReadEntry } from './order-faults.ts';
import type { ConvertedEntry, Left, PlacedPolicy } from './converted.ts';

export interface PlacedLeft extends Left {
  readonly file: string;
}

export interface PolicyTexts {
  readonly documents: readonly TreeObject[];
  readonly left: readonly PlacedLeft[];
}

export function policyTexts(policies: readonly PlacedPolicy[]): PolicyTexts {
  const left: PlacedLeft[] = [];
  const leave = (policy: PlacedPolicy, { line, source }: ConvertedEntry, why: string): void =>
    void left.push({ file: policy.file, line, what: source, why });
  let read = policies.flatMap((policy) =>
    policy.entries.flatMap((entry): readonly ReadEntry[] => {
      const parsed = parseRewriting(entry.from, entry.to);
      if (parsed.ok) return [{ policy, entry, rewriting: parsed.rewriting }];
      leave(policy, entry, parsed.problem);
      return [];
    }),
  );
  for (;;) {
    const at = rewritingCycle(read.map(({ rewriting }) => rewriting))?.at(-1);
    const last = at === undefined ? undefined : read[at];
    if (last === undefined) break;
    leave(last.policy, last.entry, `with ${last.entry.from} -> ${last.entry.to}, the rewrites would never end`);
    read = read.filter((one) => one !== last);
  }
  for (const [index, { policy, entry }] of read.entries()) {
    const why = keptBefore(index, read);
    if (why !== undefined) leave(policy, entry, why);
  }
  const again = read.map((_, index) => changedAgain(index, read));
  for (const [index, { policy, entry }] of read.entries()) {
    const why = again[index];
    if (why !== undefined) leave(policy, entry, why);
  }
  read = read.filter((_, index) => again[index] === undefined);
  const names = new Set<string>();
  const documents = policies.flatMap((policy) => {
    const entries = read.filter((one) => one.policy === policy).map(({ entry }) => entry);
    return entries.length === 0 ? [] : [documentOf({ ...policy, entries }, uniqueName(policy.name, names))];
  });
  return { documents, left };
}

/** A name of a Kubernetes object. */
function uniqueName(wanted: string, names: Set<string>): string {
  const plain = wanted
    .slice(0, MAX_NAME)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const base = plain === '' ? 'rewrites' : plain;
  let name = base;
  for (let number = 2; names.has(name); number += 1) name = `${base}-${number}`;
  names.add(name);
  return name;
}

const MAX_NAME = 50;

function documentOf({ file, match, exclude, entries }: PlacedPolicy, name: string): TreeObject {
  const clause = (key: string, value: object): TreeObject =>
    Object.keys(value).length === 0 ? {} : { [key]: value as TreeObject };
  return {
    apiVersion: API_VERSION,
    kind: 'ImagePolicy',
    metadata: { name },
    spec: {
      ...clause('match', match),
      ...clause('exclude', exclude),
      rewrite: entries.map((entry) => entryTree(entry, file)),
    },
  };
}

function entryTree({ from, to, when, mode, line, source }: ConvertedEntry, file: string): Tree {
  return commented(`${fileText(file)}:${line}: ${source}`, {
    from,
    to,
    ...(when !== 'available' && { when }),
    ...(mode !== 'workload' && { mode }),
  });
}

export function leftLine({ file, line, what, why }: PlacedLeft): string {
  return `${fileText(file)}:${line}: not converted: ${what}: ${why}\n`;
}
