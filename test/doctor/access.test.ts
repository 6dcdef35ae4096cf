/** Which permissions of the server doctor asks for. */
import { expect, test } from 'vitest';
import type { ApiRequest, ClusterApi } from '../../src/cluster/api.ts';
import type { Deployment } from '../../src/doctor/objects.ts';
import { createReader } from '../../src/doctor/reader.ts';
import { accountOf, readAccess } from '../../src/doctor/server-values.ts';

interface Attributes {
  readonly resource: string;
  readonly verb: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Allows what `isAllowed` accepts, and records the questions. */
function apiServer(isAllowed: (attributes: Attributes) => boolean) {
  const asked: string[] = [];
  const request = async ({ body }: ApiRequest): Promise<{ status: object }> => {
    const { spec } = body as { readonly spec: { readonly resourceAttributes: Attributes } };
    const { verb, resource, namespace = '*', name = '*' } = spec.resourceAttributes;
    asked.push(`${verb} ${resource} ${namespace}/${name}`);
    return Promise.resolve({ status: { allowed: isAllowed(spec.resourceAttributes) } });
  };
  return { asked, reader: createReader({ request } as unknown as ClusterApi) };
}

function deployment(volumes: readonly object[]): Deployment {
  return { metadata: { name: 'tidewaiter' }, spec: { template: { spec: { containers: [], volumes } } } };
}

const POLICIES = {
  source: '',
  names: [],
  scopes: [],
  registries: [],
  kinds: [],
  needs: new Set(['pullSecrets'] as const),
  pins: false,
  lookups: false,
  notices: [],
};
const VALUES = { policies: POLICIES, webhooks: [], namespaces: new Map() };
const MOUNTED = deployment([{ secret: { secretName: 'tidewaiter-tls' } }]);

test('asks for what the policies need, for the end of the namespace, and nothing else', async () => {
  const { asked, reader } = apiServer(() => true);
  const access = await readAccess(reader, accountOf(MOUNTED, 'gate'), VALUES);
  expect(asked).toEqual([
    ...['get', 'list', 'watch'].map((verb) => `${verb} namespaces */gate`),
    ...['validating', 'mutating'].flatMap((kind) =>
      ['get', 'delete'].map((verb) => `${verb} ${kind}webhookconfigurations */tidewaiter`),
    ),
    'get secrets */*',
    'get serviceaccounts */*',
  ]);
  expect(access.state === 'known' && access.value.flatMap(({ denied }) => denied)).toEqual([]);
});

test('asks for the Secret and the webhook configurations if the server renews its certificate', async () => {
  const { asked, reader } = apiServer(({ resource, namespace }) => resource !== 'secrets' || namespace === 'gate');
  const access = await readAccess(reader, accountOf(deployment([]), 'gate'), VALUES);
  expect(asked).toContain('patch validatingwebhookconfigurations */tidewaiter');
  expect(asked).toContain('update secrets gate/tidewaiter-tls');
  const denied = access.state === 'known' ? access.value.filter((row) => row.denied.length > 0) : [];
  expect(denied.map((row) => `${row.verb} ${row.rule.resource} in ${row.denied.join(', ')}`)).toEqual([
    'get secrets in *',
  ]);
});

test('reports the namespace in which the server cannot renew its certificate', async () => {
  const { reader } = apiServer(({ verb }) => verb !== 'update');
  const access = await readAccess(reader, accountOf(deployment([]), 'gate'), VALUES);
  const denied = access.state === 'known' ? access.value.filter((row) => row.denied.length > 0) : [];
  expect(denied.map((row) => [row.verb, row.denied])).toEqual([['update', ['gate']]]);
});
