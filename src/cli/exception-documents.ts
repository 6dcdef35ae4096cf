/** Findings -> ImagePolicyException documents that excuse them, and as little else as the format allows. */
import { parsePattern, patternSet } from '../image/pattern.ts';
import { parseReference } from '../image/reference.ts';
import { trusted } from '../image/trusted.ts';
import { API_VERSION } from '../policy/document-schema.ts';
import { CONTAINER_NAME, type GlobField, NAMESPACE, OBJECT } from '../policy/glob-field.ts';
import type { FindingRow, ImageRow } from '../report/rows.ts';

export interface Excuse {
  readonly owner: string;
  readonly reason: string;
  /** YYYY-MM-DD */
  readonly expires: string;
}

export interface ExceptionDocument {
  readonly apiVersion: string;
  readonly kind: 'ImagePolicyException';
  readonly metadata: { readonly name: string };
  readonly spec: Excuse & {
    readonly policy: string;
    readonly rules: readonly string[];
    readonly match: Match;
  };
}

interface Match {
  readonly namespaces?: readonly string[];
  readonly names: readonly string[];
  readonly containers?: readonly string[];
  readonly images?: readonly string[];
}

export interface Excused {
  /** The finding, and the name of its exception. */
  readonly names: ReadonlyMap<FindingRow, string>;
  readonly documents: readonly ExceptionDocument[];
}

interface Input {
  readonly excuse: Excuse;
  readonly images: readonly ImageRow[];
  /** Names of exceptions that exist already. */
  readonly taken: readonly string[];
}

/** Findings whose names no exception can contain are left out. */
export function exceptionDocuments(findings: readonly FindingRow[], { excuse, images, taken }: Input): Excused {
  const imagePlaces = new Set(images.map(placeKey));
  const placed = findings.flatMap((row) => {
    const match = matchOf(row, imagePlaces.has(placeKey(row)));
    return match === undefined ? [] : [{ row, match }];
  });
  // Per rule and workload; rules with the same containers and images share a document.
  const perRule = Map.groupBy(placed, ({ row, match }) => JSON.stringify([row.rule, ...workloadKey(row, match)]));
  const merged = [...perRule.values()].map((group) => ({ group, match: union(group.map(({ match }) => match)) }));
  const perMatch = Map.groupBy(merged, ({ group, match }) => JSON.stringify([group[0]?.row.policy, match]));
  const names = new Map<FindingRow, string>();
  const used = new Set(taken);
  const documents = [...perMatch.values()].flatMap((parts) => {
    const rows = parts.flatMap(({ group }) => group.map(({ row }) => row));
    const [first] = rows;
    const [part] = parts;
    if (first === undefined || part === undefined) return [];
    const rules = [...new Set(rows.map(({ rule }) => rule))];
    const name = freeName(`${first.name}-${rules.length === 1 ? rules[0] : first.policy}`, used);
    for (const row of rows) names.set(row, name);
    return [documentOf(name, { policy: first.policy, rules, match: part.match, ...excuse })];
  });
  return { names, documents };
}

function documentOf(name: string, { policy, rules, match, ...excuse }: ExceptionDocument['spec']): ExceptionDocument {
  const spec = { policy, rules, match, ...excuse };
  return { apiVersion: API_VERSION, kind: 'ImagePolicyException', metadata: { name }, spec };
}

function placeKey({ file, document, pointer, name }: FindingRow | ImageRow): string {
  return JSON.stringify([file, document, name, pointer]);
}

/** `isOfImage`: the finding is about the image and not about another field of its container. */
function matchOf(row: FindingRow, isOfImage: boolean): Match | undefined {
  const { namespace, container } = row;
  const names = namesOf(row);
  if (!isNameable(row, names)) return undefined;
  const pattern = isOfImage && row.image !== null ? patternOf(row.image) : undefined;
  return {
    ...(namespace === null ? {} : { namespaces: [namespace] }),
    names,
    ...(container === null ? {} : { containers: [container] }),
    ...(pattern === undefined ? {} : { images: [pattern] }),
  };
}

function isNameable({ namespace, container }: FindingRow, names: readonly string[]): boolean {
  return (
    names.every((name) => isLiteral(name.replace(/\*$/, ''), OBJECT)) &&
    (namespace === null || isLiteral(namespace, NAMESPACE)) &&
    (container === null || isLiteral(container, CONTAINER_NAME))
  );
}

/** A star in a name would match other objects, and an impossible name makes the file invalid. */
function isLiteral(text: string, field: GlobField): boolean {
  return !text.includes('*') && field.canMatch(text);
}

/** The Pods of a workload "web" are named web-*; a name from generateName ends with a hyphen. */
function namesOf({ apiVersion, kind, name }: FindingRow): readonly string[] {
  if (name.endsWith('-')) return [`${name}*`];
  return apiVersion === 'v1' && kind === 'Pod' ? [name] : [name, `${name}-*`];
}

/** A pattern for one tag of one image; undefined if no pattern matches the image. */
function patternOf(image: string): string | undefined {
  const parsed = parseReference(image);
  if (!parsed.ok) return undefined;
  const { tag, digest } = parsed.reference;
  const pattern = parsePattern(tag === undefined && digest === undefined ? `${image}:latest` : image);
  if (!pattern.ok || trusted(patternSet([pattern.pattern]), parsed.reference) === undefined) return undefined;
  return pattern.pattern.text;
}

function workloadKey({ policy }: FindingRow, match: Match): readonly unknown[] {
  return [policy, match.namespaces, match.names, match.containers === undefined, match.images === undefined];
}

function union(matches: readonly Match[]): Match {
  const { namespaces, names = [] } = matches[0] ?? {};
  const all = (key: 'containers' | 'images'): readonly string[] => [
    ...new Set(matches.flatMap((match) => match[key] ?? [])),
  ];
  const [containers, images] = [all('containers'), all('images')];
  return {
    ...(namespaces === undefined ? {} : { namespaces }),
    names,
    ...(containers.length === 0 ? {} : { containers: containers.toSorted() }),
    ...(images.length === 0 ? {} : { images: images.toSorted() }),
  };
}

const MAX_NAME = 63;

function freeName(text: string, used: Set<string>): string {
  const base = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_NAME - 6)
    .replace(/^-+|-+$/g, '');
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (used.has(name)) continue;
    used.add(name);
    return name;
  }
}
