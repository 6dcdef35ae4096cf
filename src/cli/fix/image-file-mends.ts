/** Fixes in Compose files and Dockerfiles. Their images have the positions of `pin`. */
import { findImages } from '../../files/image-locations/find.ts';
import { valueAt } from '../../files/image-locations/document-context.ts';
import { type Field, replaceField } from '../../files/image-locations/field-text.ts';
import { parseDocuments, type ValidDocument } from '../../files/yaml/yaml.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import { FILE_GROUP, PULL_POLICY_KEY } from '../../pod/file-kinds.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { escapeSegment } from '../../pod/pointer.ts';
import type { FindingRow } from '../../report/rows.ts';
import { type ChangedPlace, edited, type EditResult, type MendResult, NOT_LITERAL, refused } from './mend.ts';
import { registryOf } from './mends.ts';

export function isInImageFile({ apiVersion }: FindingRow): boolean {
  return apiVersion.startsWith(`${FILE_GROUP}/`);
}

interface TextFile {
  readonly file: string;
  readonly text: string;
}

/** Returns undefined if the finding needs a decision. */
export function imageFileMends(
  { file, text }: TextFile,
  kinds: KindTable,
): (finding: FindingRow) => MendResult | undefined {
  const { locations } = findImages(file, text, { kinds, helmImages: [] });
  const documents = parseDocuments(text);
  return (finding) => {
    if (finding.rule === 'image-pull-policy') return pullAlways({ file, text }, finding, documents);
    if (finding.rule === 'container-ports') return refused(finding, PORTS);
    if (finding.rule !== 'image-qualified') return undefined;
    const location = locations.find((one) => isAt(one, finding));
    if (location === undefined) return refused(finding, 'the image is not written here');
    const result = addRegistry(text, location);
    return resultOf(finding, result, location.address.kind === 'text' ? [] : [location.address]);
  };
}

/** Compose merges entries that are equal, so those of a finding differ. */
const PORTS = 'which service publishes which host port is a decision; change or remove the entry';

function resultOf(finding: FindingRow, result: EditResult, changes: readonly ChangedPlace[]): MendResult {
  return result.ok ? { ok: true, mend: { finding, edits: [result.edit], changes } } : refused(finding, result.reason);
}

function isAt({ line, column, image }: ImageLocation, finding: FindingRow): boolean {
  return line === finding.line && column === finding.column && image === finding.image;
}

/** A variable or an escape in the image leads to another text. */
function addRegistry(text: string, { offset, image }: ImageLocation): EditResult {
  const from = /["']/.test(text.charAt(offset)) ? offset + 1 : offset;
  const prefix = registryOf(image);
  if (prefix === undefined || !text.startsWith(image, from)) return NOT_LITERAL;
  return { ok: true, edit: { from, to: from, text: prefix } };
}

function pullAlways(
  { file, text }: TextFile,
  finding: FindingRow,
  documents: ReturnType<typeof parseDocuments>,
): MendResult {
  const document = documents[finding.document - 1];
  const field = document?.ok ? pullPolicyAt(document, finding) : undefined;
  if (!document?.ok || field === undefined) return refused(finding, 'the value is not written here');
  const pointer = `${field.holder}/${field.key}`;
  const value = valueAt(document.value, pointer);
  const isPlain = typeof value === 'string' && !value.includes('$');
  const context = { file, text, document, format: 'compose' };
  const result = isPlain ? edited(replaceField(context, field), 'always') : VARIABLE;
  return resultOf(finding, result, [{ document: document.index, pointer }]);
}

/** The service is known by its name and by the position, which an anchor can share. */
function pullPolicyAt(document: ValidDocument, { container, line, column }: FindingRow): Field | undefined {
  const field = { holder: `/services/${escapeSegment(container ?? '')}`, key: PULL_POLICY_KEY };
  const position = document.positionOf(`${field.holder}/${field.key}`);
  return position.line === line && position.column === column ? field : undefined;
}

const VARIABLE: EditResult = {
  ok: false,
  reason: 'its pull_policy contains a variable; change the value of the variable',
};
