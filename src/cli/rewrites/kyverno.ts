/**
 * Policies of Kyverno that replace the registry of images, as its samples do: a JMESPath function over the image as written, or a
 * new name built from the facts about it. Only these forms are read, and no expression is executed.
 */
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { ClauseDocument } from '../../policy/clause.ts';
import { CONTAINER_KINDS, type ContainerKind } from '../../pod/containers.ts';
import {
  type Converted,
  type ConvertedEntry,
  type ConvertedPolicy,
  type Piece,
  type ReadOptions,
  type SourceDocument,
  convertEach,
  listOf,
  objectOf,
  textOf,
} from './converted.ts';
import { quoteValue } from '../../image/quote.ts';
import { imageChanges } from './kyverno-changes.ts';
import { renamingsOf } from './kyverno-renamings.ts';
import { scopeProblem } from './kyverno-scope.ts';

export function readKyverno(document: SourceDocument, options: ReadOptions): Converted | undefined {
  const { value, lineOf } = document;
  if (!isPolicy(objectOf(value))) return undefined;
  const { kind, metadata: given, spec } = objectOf(value);
  const metadata = objectOf(given);
  const rules = listOf(objectOf(spec)['rules']);
  const pointerOf = (index: number): string => `/spec/rules/${index}`;
  const context: RuleContext = { document, options, mode: modeOf(metadata) };
  const { entries, left } = convertEach(rules, (rule, index) => convertRule(rule, pointerOf(index), context), {
    lineOf: (_, index) => lineOf(pointerOf(index)),
    sizeOf: () => 1,
  });
  const scope: ClauseDocument = kind === 'Policy' ? { namespaces: [textOf(metadata['namespace']) || 'default'] } : {};
  const policies = policiesOf(united(entries), textOf(metadata['name']), scope);
  return { policies, left };
}

function isPolicy({ apiVersion, kind }: JsonObject): boolean {
  return textOf(apiVersion).startsWith('kyverno.io/') && (kind === 'ClusterPolicy' || kind === 'Policy');
}

/** Kyverno changes the templates of controllers as well, unless this annotation says otherwise. */
function modeOf({ annotations }: JsonObject): ConvertedEntry['mode'] {
  const setting = isObject(annotations) ? annotations['pod-policies.kyverno.io/autogen-controllers'] : undefined;
  return setting === 'none' ? 'pod' : 'workload';
}

interface KyvernoEntry extends ConvertedEntry {
  readonly containers: readonly ContainerKind[];
}

type ConvertedRule = Piece<KyvernoEntry>;

interface RuleContext {
  readonly document: SourceDocument;
  readonly options: ReadOptions;
  readonly mode: ConvertedEntry['mode'];
}

function convertRule(rule: unknown, at: string, { document, options, mode }: RuleContext): ConvertedRule {
  const { lineOf } = document;
  const name = isObject(rule) && typeof rule['name'] === 'string' ? rule['name'] : at;
  const source = `rule ${quoteValue(name, 80)}`;
  const leave = (why: string, pointer = at): ConvertedRule => ({
    entries: [],
    left: [{ line: lineOf(pointer), what: source, why }],
  });
  if (!isObject(rule) || !isObject(rule['mutate'])) return leave('it does not mutate objects');
  const { changes, left } = imageChanges(rule['mutate'], `${at}/mutate`);
  const lists = changes.map(({ list }) => list);
  const problem = scopeProblem(rule, lists);
  if (problem !== undefined) return leave(problem);
  if (changes.length + left.length === 0) return leave('it does not change images');
  const read = changes.map((change): ConvertedRule => {
    const line = lineOf(change.pointer);
    const { pairs, problem: why } = renamingsOf(change, options);
    const entries = pairs.map((pair): KyvernoEntry => ({
      ...pair,
      when: 'always',
      mode,
      line,
      source,
      containers: change.containers,
    }));
    return { entries, left: why === undefined ? [] : [{ line, what: source, why }] };
  });
  return {
    entries: read.flatMap(({ entries }) => entries),
    left: [
      ...read.flatMap((one) => one.left),
      ...left.map(({ pointer, why }) => ({ line: lineOf(pointer), what: source, why })),
    ],
  };
}

/** An entry for several lists of containers is one entry. */
function united(entries: readonly KyvernoEntry[]): readonly KyvernoEntry[] {
  const byNames = new Map<string, KyvernoEntry>();
  for (const entry of entries) {
    const key = `${entry.from} ${entry.to}`;
    const known = byNames.get(key);
    const containers = new Set([...(known?.containers ?? []), ...entry.containers]);
    byNames.set(key, { ...(known ?? entry), containers: CONTAINER_KINDS.filter((kind) => containers.has(kind)) });
  }
  return [...byNames.values()];
}

/** In order: entries of one policy have the same containers. */
function policiesOf(entries: readonly KyvernoEntry[], name: string, scope: ClauseDocument): readonly ConvertedPolicy[] {
  const groups: KyvernoEntry[][] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (last?.[0]?.containers.join() === entry.containers.join()) last.push(entry);
    else groups.push([entry]);
  }
  return groups.map((group) => ({
    name,
    match: { ...scope, containers: group[0]?.containers ?? [] },
    exclude: {},
    isSequential: true,
    entries: group,
  }));
}
