/** All that is wrong with a configuration, before anything is done with it. */
import { UserError } from '../error/user-error.ts';

/** What a reader returns, or undefined where it throws a UserError. */
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

type Readers = Readonly<Record<string, () => unknown>>;
type Results<R extends Readers> = { readonly [Key in keyof R]: Awaited<ReturnType<R[Key]>> };

/**
 * What all of them read; or one error with `faults` and those of all of them, each once and on its lines. `skipped`: what is known to
 * be wrong already.
 */
export async function readAll<const R extends Readers>(
  readers: R,
  { faults, skipped }: { readonly faults: readonly string[]; readonly skipped: ReadonlySet<string> },
): Promise<Results<R>> {
  const found = [...faults];
  const results: [string, unknown][] = [];
  for (const [key, read] of Object.entries(readers)) {
    if (skipped.has(key)) continue;
    try {
      results.push([key, await read()]);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      found.push(error.message);
    }
  }
  if (found.length > 0) throw new UserError(fromTopToBottom([...new Set(found)]).join('\n'));
  return Object.fromEntries(results) as Results<R>;
}

/** Each line begins with its place, `file:line` or `file:line:column`; what is no place of a file comes first. */
function fromTopToBottom(messages: readonly string[]): readonly string[] {
  const lineOf = (message: string): number => Number(/:(\d+)(?::\d+)?: /.exec(message)?.[1] ?? 0);
  return messages.flatMap((message) => message.split('\n')).toSorted((one, other) => lineOf(one) - lineOf(other));
}
