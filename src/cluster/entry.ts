/** Fields of kubeconfig entries, whose types the schema has checked. */
import { UserError } from '../error/user-error.ts';
import { decodeBase64 } from '../go/base64.ts';
import type { JsonObject } from '../pod/pointer.ts';
import type { Pem } from './connection.ts';

/** An absent text is empty. */
export function textIn(entry: JsonObject, key: string): string {
  const value = entry[key];
  return typeof value === 'string' ? value : '';
}

export function flagIn(entry: JsonObject, key: string): boolean {
  return entry[key] === true;
}

export function textsIn(entry: JsonObject, key: string): readonly string[] {
  return (entry[key] ?? []) as readonly string[];
}

/** Reads a file from `key` or base64 from `<key>-data`. */
export function pemIn(entry: JsonObject, key: string, title: string): Pem | undefined {
  const [file, data] = [textIn(entry, key), textIn(entry, `${key}-data`)];
  if (file !== '' && data !== '') {
    throw new UserError(`${title}: "${key}" and "${key}-data" are both set; remove one of them`);
  }
  if (data === '') return file === '' ? undefined : { file };
  const text = decodeBase64(data, { padded: true });
  if (text !== undefined) return { text };
  throw new UserError(`${title}: "${key}-data": expected base64`);
}
