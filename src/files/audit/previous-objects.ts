/**
 * The old objects of updates. An audit log does not have them, but the events before an update show the objects that the API server
 * stored, and their versions tell whether another change, which is not in the log, came between.
 */
import { isObject, type JsonObject } from '../../pod/pointer.ts';

export interface PreviousObjects {
  /** `sent`: what the client sent; `stored`: the result of the update, if it is known. */
  before(sent: JsonObject | undefined, stored: JsonObject | undefined): JsonObject | undefined;
  remember(stored: JsonObject): void;
}

interface Remembered {
  readonly text: string;
  readonly version: unknown;
  readonly generation: unknown;
}

/** In characters; an ordinary object has 5,000. */
const MAX_LENGTH = 32 * 1024 * 1024;

export function previousObjects(maxLength = MAX_LENGTH): PreviousObjects {
  /** The least recently stored first. */
  const known = new Map<string, Remembered>();
  let length = 0;
  const forget = (uid: string): void => {
    length -= known.get(uid)?.text.length ?? 0;
    known.delete(uid);
  };
  return {
    before(sent, stored) {
      const now = metadataOf(stored);
      const given = metadataOf(sent);
      const found = known.get(String(now['uid'] ?? given['uid']));
      if (found === undefined || !isBefore(found, { now, given })) return undefined;
      // It was an object.
      return JSON.parse(found.text) as JsonObject;
    },
    remember(stored) {
      const { uid, resourceVersion: version, generation } = metadataOf(stored);
      if (typeof uid !== 'string') return;
      forget(uid);
      const text = JSON.stringify(withoutBookkeeping(stored));
      if (text.length > maxLength / 4) return;
      known.set(uid, { text, version, generation });
      length += text.length;
      for (const oldest of known.keys()) {
        if (length <= maxLength) break;
        forget(oldest);
      }
    },
  };
}

interface Versions {
  readonly now: JsonObject;
  readonly given: JsonObject;
}

/** An update with a resourceVersion fails unless it is that of the stored object; each change of a spec adds 1 to the generation. */
function isBefore({ version, generation }: Remembered, { now, given }: Versions): boolean {
  const { resourceVersion } = given;
  if (typeof resourceVersion === 'string' && resourceVersion !== '') return resourceVersion === version;
  const { generation: next } = now;
  if (typeof generation !== 'number' || typeof next !== 'number') return false;
  return next === generation || next === generation + 1;
}

function metadataOf(object: JsonObject | undefined): JsonObject {
  const metadata = object?.['metadata'];
  return isObject(metadata) ? metadata : {};
}

function withoutBookkeeping(object: JsonObject): JsonObject {
  const { managedFields: _bookkeeping, ...metadata } = metadataOf(object);
  const { status: _status, ...rest } = object;
  return { ...rest, metadata };
}
