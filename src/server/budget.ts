/**
 * Limits the memory of reviews: incoming bodies, and reviews that wait for a registry. With one review that is being parsed
 * (parse-body.ts), 400 connections, and 90 MB for the process itself, they fit into the 256 MiB of the shipped Pod.
 */
import type { Connection } from './connection.ts';
import { createPool } from './pool.ts';
import type { MakeRoom } from './receive-body.ts';
import { createWaitingRoom, type WaitingRoom } from './waiting-room.ts';

/** Most reviews are smaller. Their separate pool keeps a few large reviews from delaying them. */
const SMALL_BYTES = 64 * 1024;
const SMALL_BODIES = 8 * 1024 * 1024;
/** Enough for two of the largest bodies from a single address, or one from each of two addresses. */
const LARGE_BODIES = 24 * 1024 * 1024;
/** Counted by `waitingBytes`: about 250 reviews of 10 KB, or one update of the largest objects that etcd stores. */
const WAITING = 16 * 1024 * 1024;

export interface Budget {
  /** Reserves memory for a body on this connection; released at the latest when the connection ends. */
  bodyRoom(connection: Connection): MakeRoom;
  readonly waiting: WaitingRoom;
}

export function createBudget(): Budget {
  const small = createPool(SMALL_BODIES);
  const large = createPool(LARGE_BODIES);
  return {
    bodyRoom:
      ({ address, leases }) =>
      (bytes) => {
        const lease = (bytes <= SMALL_BYTES ? small : large).lease(address, bytes);
        if (lease === undefined) return undefined;
        const release = (): void => {
          const at = leases.indexOf(release);
          if (at >= 0) leases.splice(at, 1);
          lease();
        };
        leases.push(release);
        return release;
      },
    waiting: createWaitingRoom(WAITING),
  };
}
