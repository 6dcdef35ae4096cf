/** Removes single values of a review, and notes where they were. */
import { escapeSegment, isObject } from '../../pod/pointer.ts';
import { MARKER } from './secret-texts.ts';

/** Of the removal of values from one review. `path`: of the value that is read. */
export interface State {
  readonly fields: ReadonlySet<string>;
  readonly path: string[];
  readonly redacted: Set<string>;
  readonly secrets: Set<string>;
}

/** Keeps the type of the value. */
export function hide(value: unknown, state: State): unknown {
  const marker = markerOf(value);
  if (marker === value) return value;
  addTexts(value, state.secrets);
  note(state);
  return marker;
}

function addTexts(value: unknown, secrets: Set<string>): void {
  if (typeof value === 'string') secrets.add(value);
  else if (typeof value === 'object' && value !== null)
    for (const child of Object.values(value)) addTexts(child, secrets);
}

function markerOf(value: unknown): unknown {
  if (typeof value === 'string') return value === '' ? value : MARKER;
  if (typeof value === 'number') return 0;
  if (typeof value === 'boolean') return false;
  if (Array.isArray(value)) return [];
  return isObject(value) ? {} : value;
}

/** Notes a value that is not kept at all. */
export function lose(value: unknown, state: State): undefined {
  addTexts(value, state.secrets);
  note(state);
  return undefined;
}

/** More different paths than any object of a person has; then their parents are noted. */
const MAX_PATHS = 200;

export function note({ path, redacted }: State): void {
  const pointer = path.map((key) => `/${key === '*' ? key : escapeSegment(key)}`).join('');
  if (redacted.size < MAX_PATHS || redacted.has(pointer)) redacted.add(pointer);
  else
    redacted.add(
      path
        .slice(0, 2)
        .map((key) => `/${escapeSegment(key)}`)
        .join(''),
    );
}

/** Calls `work` with the path of a member. */
export function within<T>(key: string, state: State, work: () => T): T {
  state.path.push(key);
  const result = work();
  state.path.pop();
  return result;
}
