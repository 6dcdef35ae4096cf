/**
 * How much memory reviews may take at once: bodies that are being read, and reviews that wait for a registry. Together with one
 * that is being parsed (body.ts), 400 connections and 90 MB for the process itself, it fits into the 256 MiB of a shipped Pod.
 */
import type { Connection } from './connection.ts';
import { createPool, type Lease } from './pool.ts';
import type { MakeRoom } from './receive-body.ts';

/** Most reviews are smaller. They have a separate pool, so that a few large ones never delay them. */
const SMALL_BYTES = 64 * 1024;
const SMALL_BODIES = 8 * 1024 * 1024;
/** Two of the largest from an address that is alone, and one from each of two. */
const LARGE_BODIES = 24 * 1024 * 1024;
/** As `waitingBytes` counts: some 400 reviews of 10 KB. */
const WAITING = 24 * 1024 * 1024;

export interface Budget {
  /** For a body that comes on this connection; a connection that ends gives it back. */
  bodyRoom(connection: Connection): MakeRoom;
  waitingRoom(connection: Connection, namespace: string | undefined, bytes: number): Lease | undefined;
}

export function createBudget(): Budget {
  const small = createPool(SMALL_BODIES);
  const large = createPool(LARGE_BODIES);
  const waiting = createPool(WAITING);
  return {
    bodyRoom:
      ({ address, leases }) =>
      (bytes) => {
        const lease = (bytes <= SMALL_BYTES ? small : large).lease(address, bytes);
        if (lease === undefined) return undefined;
        const release = (): void => {
          leases.delete(release);
          lease();
        };
        leases.add(release);
        return release;
      },
    waitingRoom: ({ address }, namespace = '', bytes) => waiting.lease(address, bytes, namespace),
  };
}
