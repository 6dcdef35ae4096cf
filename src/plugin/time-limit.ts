/** Stops synchronous code after a time limit, even in an endless loop or a regular expression. */
import { createContext, Script } from 'node:vm';
import { isObject } from '../pod/pointer.ts';

/** Returns false if the work was stopped. Rethrows its errors. */
export type TimeLimit = (work: () => void) => boolean;

/**
 * Node.js stops a script, and every function that it calls, from a second thread. Starting the thread takes about 0.1 ms, more
 * than a rule, so one call should include as much work as possible.
 */
export function createTimeLimit(timeoutMs: number): TimeLimit {
  const nothing = (): void => undefined;
  const room = { work: nothing };
  const script = new Script('work()', { filename: 'time-limit' });
  const context = createContext(room);
  return (work) => {
    room.work = work;
    try {
      script.runInContext(context, { timeout: timeoutMs });
      return true;
    } catch (error) {
      // The error comes from another context, so instanceof Error is false.
      if (isObject(error) && error['code'] === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
      throw error;
    } finally {
      room.work = nothing;
    }
  };
}
