/** The operations port, without client certificates. */
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
import { createMetrics } from '../../src/server/metrics.ts';
import { buildOperations } from '../../src/server/operations.ts';

test('of many requests on one connection the first is answered: nothing makes a client read long answers', async () => {
  const metrics = createMetrics('0.0.0-test');
  const app = buildOperations({ version: '0.0.0-test', metrics, notReady: () => undefined });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const client = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  await once(client, 'connect');
  const statuses: string[] = [];
  client.on('data', (bytes: Buffer) => statuses.push(...(bytes.toString('latin1').match(/^HTTP\/1.1 \d+/gm) ?? [])));
  client.write('GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(50));
  await expect.poll(() => statuses.length).toBe(50);
  expect(statuses.filter((status) => status.endsWith(' 200'))).toHaveLength(1);
  client.destroy();
  await app.close();
});
