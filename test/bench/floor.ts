/**
 * The floor: what no admission webhook on node:https can leave out. The whole body, JSON.parse, a look at each container, a
 * small answer. No routes, no limits, no log. `node floor.ts PORT CERT_FILE KEY_FILE`.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

interface Container {
  readonly image?: string;
}

interface PodReview {
  readonly request: {
    readonly uid: string;
    readonly object: {
      readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
    };
  };
}

const [port, cert = '', key = ''] = process.argv.slice(2);

/** As if they had been asked for before. */
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const digests = new Map<string, string>();

function digestOf(image: string): string {
  const known = digests.get(image) ?? DIGEST;
  digests.set(image, known);
  return known;
}

/** What an honest /mutate cannot leave out: an operation for each image, in base64. */
function patchOf({ containers, initContainers = [] }: PodReview['request']['object']['spec']): string {
  const operations = [
    ...initContainers.map(({ image = '' }, index) => ({ image, path: `/spec/initContainers/${index}/image` })),
    ...containers.map(({ image = '' }, index) => ({ image, path: `/spec/containers/${index}/image` })),
  ].map(({ image, path }) => ({ op: 'replace', path, value: `${image}@${digestOf(image)}` }));
  return Buffer.from(JSON.stringify(operations)).toString('base64');
}

function answer(body: Buffer, isMutation: boolean): string {
  const { request }: PodReview = JSON.parse(body.toString());
  const { containers, initContainers = [] } = request.object.spec;
  const allowed = [...initContainers, ...containers].every(
    ({ image }) => image !== undefined && !image.endsWith(':latest'),
  );
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid: request.uid,
      allowed,
      ...(isMutation ? { patchType: 'JSONPatch', patch: patchOf(request.object.spec) } : {}),
    },
  });
}

const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = Buffer.from(answer(Buffer.concat(chunks), request.url === '/mutate'));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
    response.end(text);
  });
});
server.keepAliveTimeout = 120_000;
server.listen(Number(port), '127.0.0.1');
