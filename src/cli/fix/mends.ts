/** Finds the edits for findings that have exactly one fix. Digests are in digest-mends.ts, because they need lookups. */
import { parseReference } from '../../image/reference.ts';
import { splitReference } from '../../image/grammar.ts';
import { spanOf } from '../../files/image-locations/edit-target.ts';
import { insertField, replaceField } from '../../files/image-locations/field-text.ts';
import { type DocumentContext, valueAt } from '../../files/image-locations/document-context.ts';
import { itemsOfList } from '../../files/lists.ts';
import { isObject } from '../../pod/pointer.ts';
import { typeOf } from '../../pod/workload.ts';
import type { FindingRow } from '../../report/rows.ts';
import {
  edited,
  type EditResult,
  type FoundValue,
  type MendInput,
  type MendResult,
  NOT_LITERAL,
  refused,
} from './mend.ts';
import { mendPort } from './port-mends.ts';

type EditFor = (found: FoundValue, input: MendInput) => EditResult | undefined;

const MENDS: ReadonlyMap<string, EditFor> = new Map<string, EditFor>([
  ['container-ports', mendPort],
  ['image-pull-policy', pullAlways],
  ['image-qualified', addRegistry],
]);

export function hasMend(finding: FindingRow): boolean {
  return isOpen(finding) && (MENDS.has(finding.rule) || finding.rule === 'image-digest');
}

/** Unknown, excused, existing, and known findings stay. */
function isOpen({ outcome, action, existing, known }: FindingRow): boolean {
  return outcome === 'violation' && action !== 'excused' && !existing && !known;
}

/** Returns undefined if the finding needs a decision. */
export function mendOf(context: DocumentContext, finding: FindingRow, input: MendInput): MendResult | undefined {
  const found = locate(context, finding);
  if (found === undefined) return refused(finding, 'the value is not written in this object');
  const result = MENDS.get(finding.rule)?.(found, input);
  if (result === undefined) return undefined;
  if (!result.ok) return refused(finding, result.reason);
  const { edit, removes } = result;
  const { index: document } = context.document;
  const change = { document, pointer: removes ?? found.pointer, isRemoved: removes !== undefined };
  return { ok: true, mend: { finding, edits: [edit], changes: [change] } };
}

function locate(context: DocumentContext, finding: FindingRow): FoundValue | undefined {
  for (const base of objectsIn(context.document.value, '')) {
    const pointer = `${base}${finding.pointer}`;
    const { line, column } = context.document.positionOf(pointer);
    if (line !== finding.line || column !== finding.column || !isAbout(context, base, finding)) continue;
    return { context, finding, base, pointer };
  }
  return undefined;
}

/** The pointers of the objects in a document, which can be a list. */
function objectsIn(value: unknown, base: string): readonly string[] {
  const items = isObject(value) ? itemsOfList(value) : undefined;
  return items === undefined
    ? [base]
    : [base, ...items.flatMap((item, index) => objectsIn(item, `${base}/items/${index}`))];
}

/** The position alone does not identify the object, because an anchor can be part of several. */
function isAbout({ document }: DocumentContext, base: string, { kind, name }: FindingRow): boolean {
  const object = valueAt(document.value, base);
  if (!isObject(object) || typeOf(object).kind !== kind) return false;
  const { metadata } = object;
  return name === '' || (isObject(metadata) && (metadata['name'] ?? metadata['generateName']) === name);
}

/** `nginx` -> `docker.io/library/nginx` */
function addRegistry({ context: { text, document }, pointer, finding: { image } }: FoundValue): EditResult {
  const value = valueAt(document.value, pointer);
  if (typeof value !== 'string' || value !== image)
    return { ok: false, reason: 'the image is built from several fields, or is part of a longer string' };
  const span = spanOf(text, document.positionOf(pointer).offset, value);
  const prefix = registryOf(value);
  if (span?.literal !== true || prefix === undefined) return NOT_LITERAL;
  return { ok: true, edit: { from: span.from, to: span.from, text: prefix } };
}

/** Returns what a reference without a registry leaves out: `docker.io/library/`. */
export function registryOf(image: string): string | undefined {
  const parsed = parseReference(image);
  if (!parsed.ok) return undefined;
  const { host, name } = splitReference(image);
  const { repository } = parsed.reference;
  if (host !== undefined || !repository.endsWith(name)) return undefined;
  return repository.slice(0, repository.length - name.length);
}

/** Sets the field, or inserts it after the image. */
function pullAlways({ context, pointer, finding: { image } }: FoundValue): EditResult {
  const slash = pointer.lastIndexOf('/');
  const [holder, key] = [pointer.slice(0, slash), pointer.slice(slash + 1)];
  const { value } = context.document;
  const after = key === 'pullPolicy' ? 'reference' : 'image';
  if (valueAt(value, `${holder}/${after}`) !== image) return NOT_LITERAL;
  const field = { holder, key };
  const isPresent = valueAt(value, pointer) !== undefined;
  return edited(isPresent ? replaceField(context, field) : insertField(context, field, after), 'Always');
}
