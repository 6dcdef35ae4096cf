/**
 * Reserves memory for incoming bodies. If none is left, it ends slow bodies: an API server sends a body at once, but other
 * clients need not.
 */
import type { Budget } from './budget.ts';
import type { Connection } from './connection.ts';
import type { MakeRoom } from './receive-body.ts';

const SLOW_MS = 1000;

export interface Arrivals {
  /** Registers a body that starts to arrive on this connection. */
  begin(connection: Connection): MakeRoom;
  /** Called when the body is complete or rejected. */
  end(connection: Connection): void;
}

interface Arrival {
  readonly since: number;
  bytes: number;
}

export function createArrivals({ bodyRoom }: Pick<Budget, 'bodyRoom'>): Arrivals {
  const arriving = new Map<Connection, Arrival>();

  function sumByAddress(): ReadonlyMap<string, number> {
    const bytesByAddress = new Map<string, number>();
    for (const [{ address }, { bytes }] of arriving)
      bytesByAddress.set(address, (bytesByAddress.get(address) ?? 0) + bytes);
    return bytesByAddress;
  }

  /** Ends the oldest body of the address with the most bytes. Returns false if no address with more bytes is slow. */
  function endSlowOne(address: string): boolean {
    const bytesByAddress = sumByAddress();
    const bytesOf = (one: string): number => bytesByAddress.get(one) ?? 0;
    const before = performance.now() - SLOW_MS;
    const [worst] = [...arriving]
      .filter(([connection, { since }]) => since <= before && bytesOf(connection.address) > bytesOf(address))
      .sort(([one], [other]) => bytesOf(other.address) - bytesOf(one.address));
    if (worst === undefined) return false;
    const [{ socket, leases }] = worst;
    socket.destroy();
    for (const give of leases) give();
    return true;
  }

  return {
    begin(connection) {
      const { address, leases } = connection;
      const makeRoom = bodyRoom(connection);
      const arrival = { since: performance.now(), bytes: 0 };
      arriving.set(connection, arrival);
      leases.add(() => arriving.delete(connection));
      return (bytes) => {
        let lease = makeRoom(bytes);
        while (lease === undefined && endSlowOne(address)) lease = makeRoom(bytes);
        if (lease !== undefined) arrival.bytes += bytes;
        return lease;
      };
    },
    end(connection) {
      arriving.delete(connection);
      connection.leases.clear();
    },
  };
}
