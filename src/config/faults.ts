/** All that is wrong with a configuration, before anything is done with it. */
import { UserError } from '../error/user-error.ts';

/** Returns what a reader returns, or undefined where it throws a UserError. */
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

/** Returns what all of them read, or throws one error with `faults` and those of all of them, each once and on its lines. */
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

/** Each line begins with its place, `file:line` or `file:line:column`; lines without a place in a file come first. */
function fromTopToBottom(messages: readonly string[]): readonly string[] {
  const lineOf = (message: string): number => Number(/:(\d+)(?::\d+)?: /.exec(message)?.[1] ?? 0);
  return messages.flatMap((message) => message.split('\n')).toSorted((one, other) => lineOf(one) - lineOf(other));
}
