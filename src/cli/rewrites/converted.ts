/** What the readers of other tools' files return: policies with rewrites, and what they do not convert. */
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { ContainerKind } from '../../pod/containers.ts';
import type { ClauseDocument } from '../../policy/clause.ts';
import type { PinMode } from '../../policy/pin.ts';
import type { RewriteCondition } from '../../policy/rewrite.ts';

/** One document of a file. */
export interface SourceDocument {
  readonly value: unknown;
  /** Of the value at an RFC 6901 pointer. */
  readonly lineOf: (pointer: string) => number;
}

export interface ConvertedEntry {
  readonly from: string;
  readonly to: string;
  readonly when: RewriteCondition;
  readonly mode: PinMode;
  /** Of the source. */
  readonly line: number;
  /** The rule in the source, on one line. */
  readonly source: string;
}

export interface ConvertedPolicy {
  /** The wanted name; not yet a valid or unique one. */
  readonly name: string;
  readonly match: ClauseDocument;
  readonly exclude: ClauseDocument;
  /** Each rule of the tool sees the names that the rules above have written; otherwise, a name changes once. */
  readonly isSequential: boolean;
  readonly entries: readonly ConvertedEntry[];
}

/** A policy, and the file that it is from. */
export interface PlacedPolicy extends ConvertedPolicy {
  readonly file: string;
}

/** A rule or line that is not converted. */
export interface Left {
  readonly line: number;
  readonly what: string;
  readonly why: string;
}

export interface Converted {
  readonly policies: readonly ConvertedPolicy[];
  readonly left: readonly Left[];
}

export interface ReadOptions {
  /** The registries that "any registry" stands for; empty: only those of images without one. */
  readonly registries: readonly string[];
}

/** `undefined`: the document is of another tool. */
export type Reader = (document: SourceDocument, options: ReadOptions) => Converted | undefined;

/** Those that most tools change; they leave ephemeral containers. */
export const PLAIN_CONTAINERS: readonly ContainerKind[] = ['regular', 'init', 'sidecar'];

/** Rules of one file, and their entries: comparing them takes time by the square of their number. */
export const MAX_RULES = 300;
/** Items of a list in a rule: aliases of YAML can repeat long lists in all rules. */
export const MAX_ITEMS = 50;
export const TOO_MANY_ITEMS = `it has a list of more than ${MAX_ITEMS}; split the rule`;

/** What one rule becomes. */
export interface Piece<E> {
  readonly entries: readonly E[];
  readonly left: readonly Left[];
}

/** Converts rules in order, until there are too many entries or faults. */
export function convertEach<R, E>(
  rules: readonly R[],
  convert: (rule: R, index: number) => Piece<E>,
  { lineOf, sizeOf }: { readonly lineOf: (rule: R, index: number) => number; readonly sizeOf: (entry: E) => number },
): Piece<E> {
  const entries: E[] = [];
  const left: Left[] = [];
  let count = 0;
  for (const [index, rule] of rules.entries()) {
    if (index >= MAX_RULES || count > MAX_RULES) {
      const why = `more than ${MAX_RULES} rules and entries; split the file`;
      left.push({ line: lineOf(rule, index), what: 'this rule and all below', why });
      break;
    }
    const piece = convert(rule, index);
    entries.push(...piece.entries);
    left.push(...piece.left);
    count += 1 + piece.left.length + piece.entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  }
  return { entries, left };
}

/** A string or number as text; empty for other values. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** The object; without members for other values. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The list; empty for other values. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
