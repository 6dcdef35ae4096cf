/** The lock file of `--lock`. */
import { UserError } from '../../error/user-error.ts';
import { loadLock, saveLock } from '../../files/lock-file.ts';
import type { Lock } from '../../pinning/lock.ts';
import type { PinErrorRow } from '../../report/pin.ts';

export interface OpenLock {
  readonly lock: Lock;
  /** undefined: the file does not exist. */
  readonly text: string | undefined;
}

export function openLock(file: string | undefined): OpenLock {
  if (file === undefined) return { lock: new Map(), text: undefined };
  const loaded = loadLock(file);
  if (!loaded.ok) throw new UserError(loaded.problems.join('\n'));
  return loaded;
}

export function savedLock(file: string, before: string | undefined, lock: Lock): readonly PinErrorRow[] {
  const result = saveLock(file, before, lock);
  return result.ok ? [] : [{ file, line: null, column: null, message: result.problem }];
}
