/**
 * Limits the TLS handshakes in each turn of the event loop: each takes a millisecond or two, and a flood of them would block other
 * work. Addresses take turns, so that a flood from one address delays no other address.
 */
import type { Socket } from 'node:net';

const A_TURN = 8;

export type Beginnings = (socket: Socket, begin: () => void) => void;

/** Calls `begin` immediately or in a later turn, unless the socket has ended meanwhile. */
export function createBeginnings(): Beginnings {
  /** By address; the first address is next. */
  const lines = new Map<string, (() => void)[]>();
  let begun = 0;
  const nextTurn = (): void => {
    begun = 0;
    for (; begun < A_TURN && lines.size > 0; begun += 1) beginNext(lines);
    if (begun > 0) setImmediate(nextTurn);
  };
  return (socket, begin) => {
    const beginIfThere = (): void => {
      if (!socket.destroyed) begin();
    };
    if (begun === A_TURN) return addTo(lines, socket.remoteAddress ?? '', beginIfThere);
    if (begun === 0) setImmediate(nextTurn);
    begun += 1;
    return begin();
  };
}

function beginNext(lines: Map<string, (() => void)[]>): void {
  for (const [address, line] of lines) {
    lines.delete(address);
    const begin = line.shift();
    if (line.length > 0) lines.set(address, line);
    return begin?.();
  }
}

function addTo(lines: Map<string, (() => void)[]>, address: string, begin: () => void): void {
  const line = lines.get(address);
  if (line === undefined) lines.set(address, [begin]);
  else line.push(begin);
}
