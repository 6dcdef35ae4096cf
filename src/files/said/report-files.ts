/** Reads policy reports and constraints from files, for example those of `kubectl get policyreports -A -o json`. */
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { Chunks } from '../byte-queue.ts';
import { loadInputs } from '../input-texts.ts';
import { itemsOfList } from '../lists.ts';
import { type InputError, unreadable } from '../manifest-objects.ts';
import { parseDocuments } from '../yaml/yaml.ts';
import type { SaidBook } from './said-book.ts';

/** Returns what cannot be read. A file without a report is an error, because a mistake would look like agreement. */
export async function addReportFiles(
  paths: readonly string[],
  stdin: Chunks,
  book: SaidBook,
): Promise<readonly InputError[]> {
  const errors: InputError[] = [];
  for await (const input of loadInputs(paths, { stdin })) {
    if ('problem' in input) errors.push(unreadable(input.path, input.problem));
    else errors.push(...addText(input.path, input.text, book));
  }
  return errors;
}

function addText(file: string, text: string, book: SaidBook): readonly InputError[] {
  const values = valuesIn(text);
  if (typeof values === 'string') return [unreadable(file, values)];
  // All of them are added.
  const reports = values.flatMap(objectsIn).filter((object) => book.add(object));
  return reports.length > 0 ? [] : [unreadable(file, 'no policy report and no constraint found')];
}

/** JSON is much faster than YAML, and reports are large. */
function valuesIn(text: string): readonly unknown[] | string {
  const value = parsedJson(text);
  if (value !== undefined) return [value];
  const documents = parseDocuments(text);
  const fault = documents.find((document) => !document.ok);
  if (fault !== undefined && !fault.ok) return `line ${fault.line}: ${fault.problem}`;
  return documents.flatMap((document) => (document.ok ? [document.value] : []));
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function objectsIn(value: unknown): readonly JsonObject[] {
  const items = Array.isArray(value) ? value : (itemsOfList(value) ?? [value]);
  return items.filter(isObject);
}
