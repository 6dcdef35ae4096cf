/** Collects all faults of a configuration, so that they are reported together. */
import { UserError } from '../error/user-error.ts';

/** Returns the result of a reader, or undefined if it throws a UserError. */
export type Attempt = <T>(read: () => T) => T | undefined;

/** Adds the message of each error to `faults`. */
export function attempting(faults: string[]): Attempt {
  return (read) => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      faults.push(error.message);
      return undefined;
    }
  };
}

/** Returns the results of all readers, or throws one error with `faults` and all their errors, without duplicates. */
export async function readAll(
  readers: readonly (readonly [field: string, read: () => unknown])[],
  faults: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const messages = [...faults];
  const results: [string, unknown][] = [];
  for (const [field, read] of readers) {
    try {
      results.push([field, await read()]);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      messages.push(error.message);
    }
  }
  if (messages.length > 0) throw new UserError(fromTopToBottom([...new Set(messages)]).join('\n'));
  return Object.fromEntries(results);
}

/** Sorts lines by their location, `file:line` or `file:line:column`; lines without a location come first. */
function fromTopToBottom(messages: readonly string[]): readonly string[] {
  const lineOf = (message: string): number => Number(/:(\d+)(?::\d+)?: /.exec(message)?.[1] ?? 0);
  return messages.flatMap((message) => message.split('\n')).toSorted((one, other) => lineOf(one) - lineOf(other));
}
