/** Work that is stopped when it takes too long, whatever it does: also in a loop without end, also in a regular expression. */
import { createContext, Script } from 'node:vm';
import { isObject } from '../pod/pointer.ts';

/** False: it was stopped. What the work throws is thrown. */
export type TimeLimit = (work: () => void) => boolean;

/**
 * Node ends a running script from a second thread, and with it whatever function the script has called, wherever that was
 * defined. To start the thread costs about 0.1 ms, more than a rule: so put as much into one call as can be.
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
      // An error of the other context, so not an instance of ours.
      if (isObject(error) && error['code'] === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
      throw error;
    } finally {
      room.work = nothing;
    }
  };
}
