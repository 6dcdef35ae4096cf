/** JSON of a registry, of which nothing is known yet. */
export type Json = Readonly<Record<string, unknown>>;

/** Undefined for everything that is not the JSON of an object. */
export function parsedObject(bytes: Buffer): Json | undefined {
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
