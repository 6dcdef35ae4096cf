/** Loads policies with their lists and exceptions. A single invalid document rejects all of them. */
import { rewritingCycle } from '../image/rewriting.ts';
import type { Vocabulary } from '../policy/binding.ts';
import { readPolicy, readyRules } from '../policy/document.ts';
import type { ImageException } from '../policy/exception.ts';
import { readException } from '../policy/exception-document.ts';
import { type Lists, type NamedList, namedLists, readList } from '../policy/list.ts';
import { documentLabel, expiryNotices, type Notice, unusedListNotice, deadClauseNotice } from '../policy/notice.ts';
import type { Policy } from '../policy/policy.ts';
import { cycleProblem } from '../policy/rewrite.ts';
import type { Check } from '../policy/rule.ts';
import type { DocumentKind } from '../policy/schema.ts';
import { type DocumentFault, faultText } from '../policy/schema-faults.ts';
import { renamedPatterns } from '../policy/renamed-patterns.ts';
import { findUndecidable } from '../policy/unknown-labels.ts';
import type { DeadClause } from '../policy/dead-clauses.ts';
import type { InputNotice } from './skipped-files.ts';
import { createPauses } from './pauses.ts';
import { locationText } from './location-text.ts';
import { loadPolicyDocuments, type PlacedFault, type PolicyDocument } from './policy-documents.ts';
import { NO_ORIGIN, type OriginOf } from '../error/path-origin.ts';
import { UserError } from '../error/user-error.ts';

export interface LoadedPolicies {
  readonly policies: readonly Policy[];
  readonly exceptions: readonly ImageException[];
  /** In command-line order. */
  readonly files: readonly string[];
  /** Clauses that never have an effect, whatever the input. */
  readonly notices: readonly PlacedNotice[];
  /** Notices about files that are not read, or that have another meaning than expected. */
  readonly inputNotices: readonly InputNotice[];
  /** Adds the location of a notice in the files. */
  readonly placed: (notice: Notice) => PlacedNotice;
  /** The same for files with the same contents in the same order. */
  readonly digest: string;
}

/** Notices from the documents and the date; `now` and `missed` as for `expiryNotices`. */
export function noticesAt(
  { exceptions, notices, placed }: LoadedPolicies,
  now: number,
  missed?: (name: string) => number,
): readonly PlacedNotice[] {
  return [...notices, ...expiryNotices(exceptions, now, missed).map(placed)];
}

/** Throws a UserError with all selectors that a server without namespace labels cannot evaluate. */
export function requireDecidable({ policies, placed }: LoadedPolicies): void {
  const faults = policies.flatMap((policy) =>
    findUndecidable(policy).map((deadClause) => placed(deadClauseNotice('ImagePolicy', policy.name, deadClause))),
  );
  if (faults.length > 0)
    throw new UserError(faults.map((fault) => `${locationText(fault)}: ${fault.message}`).join('\n'));
}

export interface PlacedNotice extends Notice {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface LoadPolicyOptions extends Pick<Vocabulary, 'rules' | 'kinds'> {
  readonly originOf?: OriginOf | undefined;
}

export async function loadPolicies(
  paths: readonly string[],
  { originOf = NO_ORIGIN, ...vocabulary }: LoadPolicyOptions,
): Promise<LoadedPolicies> {
  const { files, documents, faults, notices: inputNotices, digest } = await loadPolicyDocuments(paths, originOf);
  const context: LoadContext = {
    documents,
    faults: new Map(faults.map((fault) => [textOf(fault), fault])),
    notices: [],
    pause: createPauses(),
  };
  checkNames(context);
  const lists = await readLists(context);
  const words = { ...vocabulary, lists, checks: new Map<string, Check>() };
  for (const { kind, value } of documents) if (kind === 'ImagePolicy') await readyRules(value, words);
  const policies = await readEach(context, 'ImagePolicy', (value) => {
    const read = readPolicy(value, words);
    return read.ok ? { ok: true, value: read.policy, deadClauses: read.deadClauses } : read;
  });
  checkRewrites(policies, context);
  noteRenamedPatterns(policies, context);
  const known = { kinds: vocabulary.kinds, lists, policies: rulesByPolicy(context, policies) };
  const exceptions = await readEach(context, 'ImagePolicyException', (value) => {
    const read = readException(value, known);
    return read.ok ? { ok: true, value: read.exception, deadClauses: read.deadClauses } : read;
  });
  if (context.faults.size > 0) {
    const lines = inOrder([...context.faults.values()], files).map(textOf);
    throw new UserError(lines.join('\n'));
  }
  if (policies.length === 0) {
    const beside = documents.length === 0 ? '' : '; exceptions and lists must be next to their policies';
    throw new UserError(`${paths.join(', ')}: no policy found${beside}${originOf(paths[0] ?? '')}`);
  }
  const placed = (notice: Notice): PlacedNotice => placeNotice(notice, documents);
  const notices = [...context.notices, ...lists.unused().map(unusedListNotice)].map(placed);
  return { policies, exceptions, files, notices, inputNotices, placed, digest };
}

function textOf(fault: PlacedFault): string {
  return `${locationText(fault)}: ${fault.text}`;
}

/** Sorts by file, then from top to bottom. */
function inOrder(faults: readonly PlacedFault[], files: readonly string[]): readonly PlacedFault[] {
  const order = new Map(files.map((file, index) => [file, index]));
  const fileOf = ({ file }: PlacedFault): number => order.get(file) ?? 0;
  return faults.toSorted(
    (one, other) =>
      fileOf(one) - fileOf(other) || (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
  );
}

interface LoadContext {
  readonly documents: readonly PolicyDocument[];
  /** Faults by text, because a fault in a list is reported once, however often the list is used. */
  readonly faults: Map<string, PlacedFault>;
  readonly notices: Notice[];
  readonly pause: () => Promise<void> | undefined;
}

function checkNames({ documents, faults }: LoadContext): void {
  const places = new Map<string, string>();
  for (const { kind, name, file, positionOf } of documents) {
    if (name === undefined) continue;
    const label = documentLabel(kind, name);
    const place = { file, ...positionOf('/metadata/name') };
    const before = places.get(label);
    if (before === undefined) {
      places.set(label, locationText(place));
      continue;
    }
    const text = `metadata/name: duplicate ${label}; first defined at ${before}`;
    faults.set(`${locationText(place)}: ${text}`, { ...place, text });
  }
}

/** One policy can undo what another has rewritten. A cycle within one policy is a fault of its document. */
function checkRewrites(policies: readonly Policy[], context: LoadContext): void {
  const all = policies.flatMap(({ name, rewrites = [] }) => rewrites.map((rewrite) => ({ name, rewrite })));
  const cycle = rewritingCycle(all.map(({ rewrite }) => rewrite.rewriting))?.flatMap((index) => all[index] ?? []);
  const [first] = cycle ?? [];
  const document = context.documents.find(({ kind, name }) => kind === 'ImagePolicy' && name === first?.name);
  if (cycle === undefined || document === undefined) return;
  const steps = cycle.map(({ name, rewrite: { rewriting } }) => ({ name, ...rewriting }));
  const problem = cycleProblem(steps.map(({ name, from, to }) => ({ from: `${from.text} (${name})`, to: to.text })));
  addFault({ pointer: '/spec/rewrite', problem, at: 'key' }, document, context);
}

function noteRenamedPatterns(policies: readonly Policy[], { documents, notices }: LoadContext): void {
  if (policies.every(({ rewrites }) => rewrites === undefined)) return;
  for (const { kind, name = '', value } of documents) {
    if (kind !== 'ImagePolicy') continue;
    notices.push(...renamedPatterns(value, policies).map((one) => deadClauseNotice(kind, name, one)));
  }
}

type ReadResult<T> =
  | { readonly ok: true; readonly value: T; readonly deadClauses: readonly DeadClause[] }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

async function readEach<T extends { readonly name: string }>(
  context: LoadContext,
  kind: DocumentKind,
  read: (value: unknown) => ReadResult<T>,
): Promise<readonly T[]> {
  const values: T[] = [];
  for (const document of context.documents) {
    if (document.kind !== kind) continue;
    await context.pause();
    const result = read(document.value);
    if (!result.ok) {
      for (const fault of result.faults) addFault(fault, document, context);
      continue;
    }
    const { value, deadClauses } = result;
    context.notices.push(...deadClauses.map((deadClause) => deadClauseNotice(kind, value.name, deadClause)));
    values.push(value);
  }
  return values;
}

/** Reports a fault in a list at the list, once, with the first use that has the fault. */
function addFault(
  { pointer, problem, at, list }: DocumentFault,
  document: PolicyDocument,
  { documents, faults }: LoadContext,
): void {
  const home = list && documents.find(({ kind, name }) => kind === 'ImageNameList' && name === list.name);
  const { file, positionOf } = home ?? document;
  const fault = {
    file,
    ...positionOf(pointer, at),
    text: faultText({ pointer, problem }),
  };
  const key = textOf(fault);
  if (faults.has(key)) return;
  const usedAt = locationText({ file: document.file, ...document.positionOf(list?.usedAt ?? '') });
  faults.set(key, home === undefined ? fault : { ...fault, text: `${fault.text} (used at ${usedAt})` });
}

async function readLists(context: LoadContext): Promise<Lists> {
  const lists = await readEach<NamedList>(context, 'ImageNameList', (value) => {
    const read = readList(value);
    return read.ok ? { ok: true, value: read.list, deadClauses: [] } : read;
  });
  const broken = context.documents.flatMap(({ kind, name }) =>
    kind === 'ImageNameList' && name !== undefined && !lists.some((list) => list.name === name) ? [name] : [],
  );
  return namedLists(lists, broken);
}

function rulesByPolicy(
  { documents }: LoadContext,
  policies: readonly Policy[],
): ReadonlyMap<string, readonly string[] | undefined> {
  return new Map([
    ...documents.flatMap(({ kind, name }) =>
      kind === 'ImagePolicy' && name !== undefined ? [[name, undefined] as const] : [],
    ),
    ...policies.map(({ name, bindings }) => [name, [...new Set(bindings.map(({ rule }) => rule))]] as const),
  ]);
}

function placeNotice(notice: Notice, documents: readonly PolicyDocument[]): PlacedNotice {
  const document = documents.find(({ kind, name }) => kind === notice.kind && name === notice.name);
  return {
    ...notice,
    file: document?.file ?? '',
    ...(document?.positionOf(notice.pointer, notice.at) ?? { line: 1, column: 1 }),
  };
}
