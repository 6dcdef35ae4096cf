/** The parts of a review that stay in memory while it waits for its turn. */
import { Socket } from 'node:net';
import { ServerResponse } from 'node:http';
import { expect, test, vi } from 'vitest';
import { kindTable } from '../../src/pod/kinds.ts';
import type { Connection } from '../../src/server/connection.ts';
import { createCurrentContext } from '../../src/server/current-context.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { ReviewRequest } from '../../src/server/fast/review-request.ts';
import { reviewListener } from '../../src/server/reviews.ts';
import { connectionOn } from './connection.ts';

const BODY = Buffer.alloc(8 * 1024 * 1024, ' ');

interface Scene {
  readonly decided: string[];
  /** The HTTP status if there is an answer before the body has come; else the body comes, all of it. */
  readonly send: (connection: Connection) => number | undefined;
}

function scene(): Scene {
  const decided: string[] = [];
  const listener = reviewListener({
    current: createCurrentContext({ kinds: kindTable(), policies: [] }),
    log: {
      review: () => undefined,
      rejected: (code) => void decided.push(String(code)),
      failed: (error) => {
        throw error;
      },
    },
    metrics: createMetrics('0.0.0-test'),
  });
  return {
    decided,
    send(connection) {
      const request = new ReviewRequest(connection.socket);
      Object.assign(request, { method: 'POST', url: '/validate' });
      Object.assign(request.headers, { 'content-type': 'application/json', 'content-length': String(BODY.length) });
      const response = new ServerResponse(request);
      listener(request, response, { connection, isLast: () => false });
      if (response.headersSent) return response.statusCode;
      request.push(BODY);
      request.push(null);
      return undefined;
    },
  };
}

/** Releases leases like connections.ts after a disconnect. */
function end({ socket, leases }: Connection): void {
  socket.destroy();
  for (const give of leases.splice(0)) give();
}

test('a whole body counts until its turn, also when its connection has ended, and is not looked at then', async () => {
  const { send, decided } = scene();
  for (let count = 0; count < 2; count += 1) {
    const connection = connectionOn(new Socket());
    expect(send(connection)).toBeUndefined();
    end(connection);
  }
  expect(send(connectionOn(new Socket()))).toBe(503);
  await vi.waitFor(() => expect(send(connectionOn(new Socket()))).toBeUndefined());
  await vi.waitFor(() => expect(decided).toContain('400'));
  expect(decided.filter((code) => code !== '503')).toEqual(['400']);
});
