/**
 * Rewrites of policies as the mirror configurations of nodes can express them: names that begin with a prefix are pulled from
 * other locations, and the rest of the name stays.
 */
import { canOverlap } from '../../image/overlap.ts';
import { hostKey, type ImagePattern } from '../../image/pattern.ts';
import { ANY_SEGMENTS, isGlob } from '../../image/segments.ts';
import type { Policy } from '../../policy/policy.ts';
import { REGISTRY_CAUSES } from '../../policy/registry-fact.ts';
import type { Rewrite } from '../../policy/rewrite.ts';

/** An entry of `spec.rewrite`. */
export interface Entry {
  readonly policy: string;
  /** 1-based. */
  readonly entry: number;
  readonly rewrite: Rewrite;
}

/** A registry, with the first part of a path: `docker.io`, `quay.io/acme`. Selects names that continue after a "/", ":", or "@". */
export type NamePrefix = string;

export interface Move {
  readonly entry: Entry;
  readonly prefix: NamePrefix;
  /** Where nodes pull from, in this order. Each replaces the prefix. */
  readonly sources: readonly NamePrefix[];
}

export interface NodeEntry {
  readonly entry: Entry;
  /** Empty if no configuration can express the entry. */
  readonly moves: readonly Move[];
  /** Sentence fragments: why moves are missing. */
  readonly problems: readonly string[];
  /** Sentence fragments: how a node with the moves differs from the webhook. */
  readonly differences: readonly string[];
}

/** `registries`: what a "**" that includes the registry stands for, as nodes are configured by registry. */
export function nodeEntries(policies: readonly Policy[], registries: readonly string[]): readonly NodeEntry[] {
  const drafts = policies.flatMap((policy) =>
    (policy.rewrites ?? []).map((rewrite, index) =>
      draftOf({ policy: policy.name, entry: index + 1, rewrite }, policy, registries),
    ),
  );
  return drafts.map((draft, index) => nodeEntry(draft, drafts.slice(0, index), drafts));
}

/** A registry as `registries` contains it, or undefined if the text is none. */
export function registryName(text: string): string | undefined {
  const isPlain = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text);
  return isPlain && (text.includes('.') || text === 'localhost') ? hostKey(text) : undefined;
}

interface Draft extends Steps {
  readonly entry: Entry;
}

interface Steps {
  readonly steps: readonly PrefixStep[];
  /** Why there are no steps. */
  readonly problems: readonly string[];
  readonly differences: readonly string[];
}

interface PrefixStep {
  readonly prefix: NamePrefix;
  readonly target: NamePrefix;
}

function draftOf(entry: Entry, { scope }: Policy, registries: readonly string[]): Draft {
  const { rewriting, mode } = entry.rewrite;
  if (mode === 'warn') return { entry, ...cannot('it only warns') };
  const found = stepsOf(rewriting.from, rewriting.to, registries);
  const differences = [...found.differences];
  if (!scope.isWhole) differences.push('the policy covers some objects only, and a node pulls for all Pods');
  if (deniesFailures(entry.rewrite)) differences.push('a node denies nothing if the new registry lacks the image');
  return { ...found, entry, differences };
}

function deniesFailures({ when, onFailure }: Rewrite): boolean {
  return when !== 'always' && REGISTRY_CAUSES.some((cause) => onFailure(cause) === 'deny');
}

function stepsOf(from: ImagePattern, to: ImagePattern, registries: readonly string[]): Steps {
  if (from.tag !== undefined || from.digest !== undefined) return cannot('nodes do not select images by tag or digest');
  const [source, target] = [prefixOf(from), prefixOf(to)];
  if (source === undefined || target === undefined) return cannot('nodes know no wildcards inside of a name');
  if (from.host === undefined) return stepsOfEach(registries, source, target);
  if (covers(target, source)) return cannot('its images have the new name already');
  if (covers(source, target)) return cannot(`nodes would give images of ${target} the new name again`);
  return { steps: [{ prefix: source, target }], problems: [], differences: depthDifferences(source, from) };
}

/** For a `from` that includes the registry; `source` is what follows it. */
function stepsOfEach(registries: readonly string[], source: string, target: NamePrefix): Steps {
  if (source !== '') return cannot('nodes select images by registry, which "**" does not name');
  if (target === '') return cannot('it changes no name');
  if (registries.length === 0) {
    return cannot('nodes are configured by registry; add --registry for each that "**" stands for');
  }
  const others = registries.filter((registry) => !covers(registry, target));
  const steps = others.map((registry) => ({ prefix: registry, target: `${target}/${registry}` }));
  return { steps, problems: [], differences: [`a node does it for ${registries.join(', ')} only`] };
}

function cannot(problem: string): Steps {
  return { steps: [], problems: [problem], differences: [] };
}

/** The pattern without its last wildcard, or undefined if there are others. */
function prefixOf({ host, segments }: ImagePattern): NamePrefix | undefined {
  const last = segments.at(-1) ?? '';
  const isOpen = last === ANY_SEGMENTS || last === '*';
  const path = isOpen ? segments.slice(0, -1) : segments;
  if (path.some(isGlob) || (host !== undefined && isGlob(host))) return undefined;
  return [...(host === undefined ? [] : [host]), ...path].join('/');
}

function depthDifferences(prefix: NamePrefix, { segments }: ImagePattern): readonly string[] {
  const last = segments.at(-1);
  if (last === ANY_SEGMENTS) return [];
  return last === '*'
    ? [`a node also rewrites names with more parts below ${prefix}`]
    : [`a node also rewrites names below ${prefix}`];
}

/** Reports whether all names below `name` begin with the prefix. */
function covers(prefix: NamePrefix, name: NamePrefix): boolean {
  return name === prefix || name.startsWith(`${prefix}/`);
}

function nodeEntry({ entry, ...draft }: Draft, earlier: readonly Draft[], all: readonly Draft[]): NodeEntry {
  const problems = [...draft.problems];
  const moves = draft.steps.flatMap(({ prefix, target }): readonly Move[] => {
    const first = earlier.find(({ steps }) => steps.some((step) => covers(step.prefix, prefix)));
    const next = follow(target, entry, all);
    if (first === undefined && next.ok)
      return [{ entry, prefix, sources: sourcesFor(entry.rewrite, prefix, next.sources) }];
    problems.push(first === undefined ? problemOf(next) : `${entryName(first.entry)} takes images of ${prefix} first`);
    return [];
  });
  if (moves.length === 0) return { entry, moves, problems, differences: [] };
  const { from } = entry.rewrite.rewriting;
  const mixed = earlier.filter(
    (other) => other.steps.length === 0 && canOverlap(other.entry.rewrite.rewriting.from, from),
  );
  return {
    entry,
    moves,
    problems,
    differences: [...draft.differences, ...mixed.map((other) => alsoRewrites(other.entry))],
  };
}

/** A node cannot select the images of `other`, which the webhook treats otherwise. */
export function alsoRewrites(other: Entry): string {
  return `a node also rewrites images of ${entryName(other)}`;
}

/** Reports whether a move would take images from another one if that did not exist. */
export function includes(move: Move, other: Move): boolean {
  return move !== other && covers(move.prefix, other.prefix);
}

/** Where an image with the old or the new name is pulled from. */
function sourcesFor({ when }: Rewrite, name: NamePrefix, next: readonly NamePrefix[]): readonly NamePrefix[] {
  if (when === 'always') return next;
  return [...new Set(when === 'available' ? [...next, name] : [name, ...next])];
}

type Followed =
  | { readonly ok: true; readonly sources: readonly NamePrefix[] }
  | { readonly ok: false; readonly problem: string };

function problemOf(followed: Followed): string {
  return followed.ok ? '' : followed.problem;
}

/** The sources of names below `name`, which the entry of `from` has written; the rewrites that follow can change it again. */
function follow(name: NamePrefix, from: Entry, all: readonly Draft[]): Followed {
  const [host = '', ...path] = name.split('/');
  const written: ImagePattern = { ...from.rewrite.rewriting.to, host, segments: [...path, ANY_SEGMENTS] };
  for (const draft of all) {
    const { rewriting } = draft.entry.rewrite;
    const target = prefixOf(rewriting.to);
    if (draft.entry === from || (target !== undefined && covers(target, name))) continue;
    const step = draft.steps.find(({ prefix }) => covers(prefix, name));
    if (step === undefined) {
      if (!canOverlap(written, rewriting.from)) continue;
      return { ok: false, problem: `${entryName(draft.entry)} can change the new names again, which a node cannot do` };
    }
    const next = follow(`${step.target}${name.slice(step.prefix.length)}`, draft.entry, all);
    return next.ok ? { ok: true, sources: sourcesFor(draft.entry.rewrite, name, next.sources) } : next;
  }
  return { ok: true, sources: [name] };
}

function entryName({ policy, entry }: Entry): string {
  return `entry ${entry} of policy ${policy}`;
}
