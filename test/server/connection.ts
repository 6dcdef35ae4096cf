/** A connection that no server has counted. */
import type { Socket } from 'node:net';
import type { Connection } from '../../src/server/connection.ts';

export function connectionOn(socket: Socket, address = '127.0.0.1'): Connection {
  const place = (): void => undefined;
  const [answer, rejection, unread] = [undefined, undefined, undefined];
  return { address, socket, top: socket, answer, behind: 0, since: 0, rejection, place, leases: [], unread };
}
