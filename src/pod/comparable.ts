/** Serializes a value for comparison; `undefined` if it is nested too deep for the stack, so that it equals nothing. */
export function comparable(value: unknown): string | undefined {
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
