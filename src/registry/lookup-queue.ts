/**
 * How much may be asked at the same time. Names of images are what anybody writes into a Pod: a flood of them fills neither
 * the memory nor the places of other registries. Who waits is served in turn by registry, not by arrival.
 */
export interface LookupQueue {
  /**
   * Takes a place, or says why there is none. `isWanted` is asked when a place is free: `unwanted` when nobody waits any more.
   * Whoever got a place must call `leave`.
   */
  enter(group: string, isWanted: () => boolean): Promise<'entered' | 'full' | 'unwanted'>;
  leave(group: string): void;
}

export interface QueueLimits {
  readonly running: number;
  readonly runningPerGroup: number;
  readonly waiting: number;
  readonly waitingPerGroup: number;
}

export const QUEUE_LIMITS: QueueLimits = { running: 256, runningPerGroup: 64, waiting: 4000, waitingPerGroup: 1000 };

interface Waiter {
  readonly isWanted: () => boolean;
  readonly resolve: (how: 'entered' | 'unwanted') => void;
}

interface Group {
  running: number;
  readonly waiters: Waiter[];
}

export function createLookupQueue(limits: QueueLimits = QUEUE_LIMITS): LookupQueue {
  // In the order in which they are served next.
  const groups = new Map<string, Group>();
  let running = 0;
  let waiting = 0;

  function forget(name: string, group: Group): void {
    if (group.running === 0 && group.waiters.length === 0) groups.delete(name);
  }

  /** To the next one that is still wanted, of the group whose turn it is; one that was served comes up again behind the others. */
  function serve(): void {
    for (const [name, group] of groups) {
      if (running >= limits.running) return;
      const next = group.running < limits.runningPerGroup ? nextOf(group) : undefined;
      if (next !== undefined) {
        running += 1;
        group.running += 1;
        groups.delete(name);
        groups.set(name, group);
        next.resolve('entered');
      }
      forget(name, group);
    }
  }

  function nextOf(group: Group): Waiter | undefined {
    for (let next = group.waiters.shift(); next !== undefined; next = group.waiters.shift()) {
      waiting -= 1;
      if (next.isWanted()) return next;
      next.resolve('unwanted');
    }
    return undefined;
  }

  return {
    async enter(name, isWanted) {
      const group: Group = groups.get(name) ?? { running: 0, waiters: [] };
      if (running < limits.running && group.running < limits.runningPerGroup) {
        groups.set(name, group);
        running += 1;
        group.running += 1;
        return 'entered';
      }
      if (waiting >= limits.waiting || group.waiters.length >= limits.waitingPerGroup) return 'full';
      groups.set(name, group);
      waiting += 1;
      return new Promise((resolve) => {
        group.waiters.push({ isWanted, resolve });
      });
    },
    leave(name) {
      const group = groups.get(name);
      if (group === undefined) return;
      running -= 1;
      group.running -= 1;
      forget(name, group);
      serve();
    },
  };
}
