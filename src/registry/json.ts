import { isObject, type JsonObject } from '../pod/pointer.ts';

/** What a registry sent: undefined for everything that is not the JSON of an object. */
export function parsedObject(bytes: Buffer): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
