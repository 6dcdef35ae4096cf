/** Tells the objects of a report apart. */
import type { ObjectRow } from '../rows.ts';

/** Two objects with the same name in one document, which only lists have, are one object in the report. */
export function objectKey({ file, document, apiVersion, kind, namespace, name }: ObjectRow): string {
  return JSON.stringify([file, document, apiVersion, kind, namespace, name]);
}
