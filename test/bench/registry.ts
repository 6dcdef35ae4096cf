/** A registry on loopback that has every image, and counts what it is asked: it is not measured, only what asks it. */
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';

export interface CountingRegistry {
  /** `127.0.0.1:PORT`, over plain HTTP. */
  readonly host: string;
  /** Requests until now, by method and path. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

const INDEX = 'application/vnd.oci.image.index.v1+json';

export async function startRegistry(): Promise<CountingRegistry> {
  const requests: string[] = [];
  const server = createServer(({ method = '', url = '' }, response) => {
    requests.push(`${method} ${url}`);
    answer(response, method, url);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    host: `127.0.0.1:${port}`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** One index for each path, so that different images have different digests. */
function answer(response: ServerResponse, method: string, url: string): void {
  const body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [], annotations: { url } });
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  const length = Buffer.byteLength(body);
  response.writeHead(200, { 'content-type': INDEX, 'docker-content-digest': digest, 'content-length': length });
  response.end(method === 'HEAD' ? undefined : body);
}
