/** The team that an object names, in a label or annotation. */
import { isObject, type JsonObject } from '../pod/pointer.ts';

/** With any prefix: `example.com/team`. Labels come before annotations. */
const KEYS: ReadonlySet<string> = new Set(['owner', 'team']);
const MAX_TEAM = 100;

/** null: the object names none. */
export function teamOf(object: JsonObject | undefined): string | null {
  const metadata = object?.['metadata'];
  if (!isObject(metadata)) return null;
  for (const list of [metadata['labels'], metadata['annotations']]) {
    if (!isObject(list)) continue;
    for (const [key, value] of Object.entries(list))
      if (KEYS.has(key.slice(key.lastIndexOf('/') + 1)) && typeof value === 'string' && value !== '')
        return value.slice(0, MAX_TEAM);
  }
  return null;
}
