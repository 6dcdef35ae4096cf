/**
 * Interrupts the work of the recording thread. The scheduler of Linux lets a running thread finish its turn of some milliseconds,
 * even at the lowest priority, so without interruptions a review that arrives meanwhile waits for it.
 */

/** A review of 10 KB takes longer. */
const WORK_MS = 0.2;
const REST_MS = 0.1;

/** Returns a function to be called after each review. It blocks the thread when that has worked long enough. */
export function createPace(): () => void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  let workedSince = performance.now();
  return () => {
    if (performance.now() - workedSince < WORK_MS) return;
    Atomics.wait(never, 0, 0, REST_MS);
    workedSince = performance.now();
  };
}
