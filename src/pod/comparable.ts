/** `undefined` for what is nested deeper than the engine's stack allows: nobody can say that it equals something. */
export function comparable(value: unknown): string | undefined {
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
