/** Connections that wait for a place. Addresses take turns, so that many connections of one address delay no other address. */
import type { Socket } from 'node:net';
import type { Lease, Pool } from './pool.ts';

export interface WaitingLine {
  /** Returns false if too many connections wait. */
  add(socket: Socket, begin: () => void): boolean;
  /** Returns the addresses of waiting connections. */
  addresses(): MapIterator<string>;
  /** Admits the next connection, if `admit` accepts it. */
  next(admit: (socket: Socket, begin: () => void) => boolean): void;
  /** Ends connections that have waited since before this moment (performance.now). */
  endThoseBefore(moment: number): void;
}

interface WaitingSocket {
  readonly socket: Socket;
  readonly begin: () => void;
  readonly lease: Lease;
  readonly since: number;
}

export function createWaitingLine(room: Pool): WaitingLine {
  /** By address; the first address is next. */
  const lines = new Map<string, WaitingSocket[]>();
  return {
    add(socket, begin) {
      const address = socket.remoteAddress ?? '';
      const lease = room.lease(address, 1);
      if (lease === undefined) return false;
      const waiting = { socket, begin, lease, since: performance.now() };
      const line = lines.get(address);
      if (line === undefined) lines.set(address, [waiting]);
      else line.push(waiting);
      return true;
    },
    addresses: () => lines.keys(),
    next(admit) {
      for (const [address, line] of lines.entries().toArray()) {
        lines.delete(address);
        const isAdmitted = beginFirst(line, admit);
        if (line.length > 0) lines.set(address, line);
        if (isAdmitted) return;
      }
    },
    endThoseBefore(moment) {
      for (const [address, line] of lines) {
        for (let first = line[0]; first !== undefined && first.since < moment; first = line[0]) {
          line.shift();
          first.lease();
          first.socket.destroy();
        }
        if (line.length === 0) lines.delete(address);
      }
    },
  };
}

/** Admits the first connection of an address that has not ended meanwhile. */
function beginFirst(line: WaitingSocket[], admit: (socket: Socket, begin: () => void) => boolean): boolean {
  for (let first = line[0]; first !== undefined; first = line[0]) {
    const isThere = !first.socket.destroyed;
    if (isThere && !admit(first.socket, first.begin)) return false;
    line.shift();
    first.lease();
    if (isThere) return true;
  }
  return false;
}
