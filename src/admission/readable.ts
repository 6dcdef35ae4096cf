/** An object that is not of the shape its kind has: no rule's business, and nobody's error but its author's. */
import { ShapeError } from '../pod/pointer.ts';
import type { ShapeFault } from '../pod/workload.ts';

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: ShapeFault };

/** Rules read fields of their own. */
export function readable<T>(read: () => T): Read<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof ShapeError) return { ok: false, fault: { pointer: error.pointer, problem: error.message } };
    throw error;
  }
}
