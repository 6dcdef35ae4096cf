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
  isArriving: boolean;
  since: number;
  bytes: number;
  readonly forget: () => void;
}

export function createArrivals({ bodyRoom }: Pick<Budget, 'bodyRoom'>): Arrivals {
  const { arriving, arrivalOn, forget } = arrivalsByConnection();

  function sumByAddress(): ReadonlyMap<string, number> {
    const bytesByAddress = new Map<string, number>();
    for (const [{ address }, { bytes }] of arriving())
      bytesByAddress.set(address, (bytesByAddress.get(address) ?? 0) + bytes);
    return bytesByAddress;
  }

  /** Ends the oldest body of the address with the most bytes. Returns false if no address with more bytes is slow. */
  function endSlowOne(address: string): boolean {
    const bytesByAddress = sumByAddress();
    const bytesOf = (one: string): number => bytesByAddress.get(one) ?? 0;
    const before = performance.now() - SLOW_MS;
    const [worst] = arriving()
      .filter(([connection, { since }]) => since <= before && bytesOf(connection.address) > bytesOf(address))
      .sort(
        ([one, { since }], [other, { since: otherSince }]) =>
          bytesOf(other.address) - bytesOf(one.address) || since - otherSince,
      );
    if (worst === undefined) return false;
    const [{ socket, leases }] = worst;
    socket.destroy();
    for (const give of leases.splice(0)) give();
    return true;
  }

  return {
    begin(connection) {
      const { address, leases } = connection;
      const makeRoom = bodyRoom(connection);
      const arrival = arrivalOn(connection);
      arrival.isArriving = true;
      arrival.since = performance.now();
      arrival.bytes = 0;
      leases.push(arrival.forget);
      return (bytes) => {
        let lease = makeRoom(bytes);
        while (lease === undefined && endSlowOne(address)) lease = makeRoom(bytes);
        if (lease !== undefined) arrival.bytes += bytes;
        return lease;
      };
    },
    end(connection) {
      forget(connection);
      connection.leases.length = 0;
    },
  };
}

interface ArrivalsByConnection {
  readonly arriving: () => readonly (readonly [Connection, Arrival])[];
  readonly arrivalOn: (connection: Connection) => Arrival;
  readonly forget: (connection: Connection) => void;
}

/** A connection stays until it ends: to forget each of its bodies would leave the old generation a table for each (test/bench/README.md). */
function arrivalsByConnection(): ArrivalsByConnection {
  const arrivals = new Map<Connection, Arrival>();
  return {
    arriving: () => [...arrivals].filter(([, { isArriving }]) => isArriving),
    arrivalOn(connection) {
      const known = arrivals.get(connection);
      if (known !== undefined) return known;
      const arrival = { isArriving: false, since: 0, bytes: 0, forget: () => void (arrival.isArriving = false) };
      // One that has ended would stay forever.
      if (connection.socket.closed) return arrival;
      arrivals.set(connection, arrival);
      connection.socket.once('close', () => arrivals.delete(connection));
      return arrival;
    },
    forget: (connection) => arrivals.get(connection)?.forget(),
  };
}
