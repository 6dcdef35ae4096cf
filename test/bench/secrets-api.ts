/** An API server on loopback that has every Secret: a small one named `pull`, and others of nearly 1 MiB, which tenants can store. */
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { kubeconfigFor } from '../support/api-client.ts';
import { fileIn } from './program.ts';

const TYPE = 'kubernetes.io/dockerconfigjson';
/** The most that the server parses. */
const ENTRIES = 1990;

export function secretsApi(): Server {
  const small = dataOf(1);
  const large = dataOf(ENTRIES);
  return createServer((request, response) => {
    const [, namespace = '', name = ''] = /\/namespaces\/([^/]+)\/secrets\/([^/]+)$/.exec(request.url ?? '') ?? [];
    const config = name === 'pull' ? small : large;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      `{"metadata":{"name":"${name}","namespace":"${namespace}"},"type":"${TYPE}","data":{".dockerconfigjson":"${config}"}}`,
    );
  });
}

export function kubeconfigOf(port: number): string {
  const file = fileIn('alive-kubeconfig');
  writeFileSync(file, kubeconfigFor(`http://127.0.0.1:${port}`));
  return file;
}

/** Credentials for that many registries, in base64. */
function dataOf(entries: number): string {
  const auths = Array.from({ length: entries }, (_, index) => [
    `r${index}.example.com`,
    { username: `user-${index}`, password: 'x'.repeat(330) },
  ]);
  return Buffer.from(JSON.stringify({ auths: Object.fromEntries(auths) })).toString('base64');
}
