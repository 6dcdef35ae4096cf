/** Loads recorded reviews, one or several per file, with their expected responses. */
import { isReview, readReview, type Review } from '../admission/review.ts';
import { quoteValue } from '../image/quote.ts';
import { isObject, jsonType } from '../pod/pointer.ts';
import { type Expected, readExpected } from '../recording/expected.ts';
import type { DocumentFault } from '../policy/schema-faults.ts';
import { type Input, loadInputs } from './input-texts.ts';
import { type InputNotice, type SkippedFile, skippedNotices } from './skipped-files.ts';
import { type InputError, unreadable } from './manifests.ts';
import { misplaced, strayKeys } from './recording-keys.ts';
import { repeatedKeyNotices } from './yaml/repeated-keys.ts';
import { type ParsedDocument, parseDocuments, type ValidDocument } from './yaml/yaml.ts';

export interface Recording {
  readonly file: string;
  readonly line: number;
  /** 1-based, within the file. */
  readonly document: number;
  readonly review: Review;
  readonly expected: Expected | undefined;
}

export interface Recordings {
  readonly files: number;
  readonly recordings: readonly Recording[];
  readonly errors: readonly InputError[];
  readonly notices: readonly InputNotice[];
}

export async function loadRecordings(
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array | string>,
): Promise<Recordings> {
  const recordings: Recording[] = [];
  const errors: InputError[] = [];
  let files = 0;
  const skipped: SkippedFile[] = [];
  const repeated: InputNotice[] = [];
  for await (const input of loadInputs(paths, { stdin, onSkipped: (one) => void skipped.push(one) })) {
    if (input.hidden && !holdsReview(input)) {
      skipped.push({ path: input.path, why: 'hidden' });
      continue;
    }
    files += 1;
    if ('problem' in input) {
      errors.push(unreadable(input.path, input.problem));
      continue;
    }
    const before = recordings.length + errors.length;
    const documents = parseDocuments(input.text);
    repeated.push(...repeatedKeyNotices(input.path, documents));
    for (const document of documents) readDocument(document, { file: input.path, recordings, errors });
    if (recordings.length + errors.length === before) {
      errors.push({ file: input.path, line: 1, column: 1, document: null, message: 'no AdmissionReview found' });
    }
  }
  if (recordings.length + errors.length === 0) errors.push(unreadable(paths.join(', '), 'no AdmissionReview found'));
  return { files, recordings, errors, notices: [...repeated, ...skippedNotices(skipped, 'AdmissionReview')] };
}

/** A hidden file without a review is not an error. */
function holdsReview(input: Input): boolean {
  return 'text' in input && input.text.includes('AdmissionReview');
}

interface LoadContext {
  readonly file: string;
  readonly recordings: Recording[];
  readonly errors: InputError[];
}

function readDocument(document: ParsedDocument, context: LoadContext): void {
  if (!document.ok) {
    const { line, column, index, problem } = document;
    context.errors.push({ file: context.file, line, column, document: index + 1, message: problem });
    return;
  }
  const { value } = document;
  const list = Array.isArray(value)
    ? { at: '', items: value }
    : isList(value)
      ? { at: '/items', items: value.items }
      : undefined;
  if (list === undefined) return readEntry(value, '', document, context);
  for (const { pointer, problem } of misplaced(value, '')) {
    const { line, column } = document.keyPositionOf(pointer);
    context.errors.push({
      file: context.file,
      line,
      column,
      document: document.index + 1,
      message: `${pointer}: ${problem}`,
    });
  }
  for (const [index, item] of list.items.entries()) readEntry(item, `${list.at}/${index}`, document, context);
}

function isList(value: unknown): value is { readonly items: readonly unknown[] } {
  return isObject(value) && Array.isArray(value['items']) && value['review'] === undefined;
}

function readEntry(
  value: unknown,
  base: string,
  document: ValidDocument,
  { file, recordings, errors }: LoadContext,
): void {
  const number = document.index + 1;
  const fail = ({ pointer, problem, at }: DocumentFault): void => {
    const place = `${base}${pointer}`;
    const { line, column } = at === 'key' ? document.keyPositionOf(place) : document.positionOf(place);
    errors.push({ file, line, column, document: number, message: pointer === '' ? problem : `${pointer}: ${problem}` });
  };
  const { at, body, expectedValue } = unwrap(value);
  const strays = strayKeys(value, at);
  for (const fault of strays) fail(fault);
  if (strays.length > 0) return;
  if (!isReview(body)) return fail({ pointer: at, problem: notAReview(body), at: 'value' });
  const read = readReview(body);
  if (!read.ok) return fail({ pointer: `${at}${read.pointer}`, problem: read.problem, at: 'value' });
  const expected = expectedValue === undefined ? undefined : readExpected(expectedValue);
  if (expected?.ok === false) {
    for (const fault of expected.faults) fail({ ...fault, pointer: `/expected${fault.pointer}` });
    return;
  }
  const { line } = document.positionOf(base);
  recordings.push({ file, line, document: number, review: read.review, expected: expected?.expected });
}

function notAReview(body: unknown): string {
  const kind = isObject(body) ? body['kind'] : undefined;
  const found = typeof kind === 'string' ? `kind ${quoteValue(kind)}` : jsonType(body);
  return `expected an AdmissionReview, or {review, expected}; found ${found}`;
}

/** Reads `{review, expected}`, or the review itself. */
function unwrap(value: unknown): { readonly at: string; readonly body: unknown; readonly expectedValue: unknown } {
  if (!isObject(value) || !isObject(value['review'])) return { at: '', body: value, expectedValue: undefined };
  return { at: '/review', body: value['review'], expectedValue: value['expected'] };
}
