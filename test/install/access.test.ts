/**
 * On a real API server: each fact is read as the ServiceAccount, with exactly the generated rules. A missing rule fails its
 * request; without any one verb, some request must fail, otherwise the verb is not needed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Outage } from '../../src/admission/context.ts';
import { ApiError, type ClusterApi } from '../../src/cluster/api.ts';
import { createClusterFacts } from '../../src/cluster/facts/cluster-facts.ts';
import { openClusterApi } from '../../src/cluster/client.ts';
import {
  type AccessRule,
  CERTIFICATE_RULES,
  configurationRules,
  namespaceRule,
  RULES_BY_NEED,
  rulesFor,
} from '../../src/install/access.ts';
import { clusterRoles, ownRole } from '../../src/install/rbac.ts';
import { plain, type TreeObject } from '../../src/install/yaml.ts';
import type { Need } from '../../src/policy/fact.ts';
import { assetsMissing } from '../cluster/assets.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { writeKubeconfig } from '../support/kubeconfig.ts';
import { describeWith } from '../support/real-part.ts';

type Attempt = (api: ClusterApi) => Promise<unknown>;

/** Reads a fact as `serve` does, with nothing remembered. */
function fact(read: (sources: Sources, signal: AbortSignal) => unknown): Attempt {
  return async (api) => {
    const facts = createClusterFacts(api, { count: () => undefined, logDetail: () => undefined });
    const sources = facts.sourcesFor(new Set(['secrets', 'serviceaccounts', 'namespaces']));
    try {
      return await read(sources, AbortSignal.timeout(10_000));
    } finally {
      facts.close();
    }
  };
}

type Sources = ReturnType<ReturnType<typeof createClusterFacts>['sourcesFor']>;

const SECRETS: readonly Attempt[] = [
  fact(({ secrets }, signal) => secrets?.secret('shop', 'pull', signal)),
  fact(({ serviceAccounts }, signal) => serviceAccounts?.pullSecretsOf('shop', 'default', signal)),
];

/** One for each verb. */
const ATTEMPTS: Readonly<Record<Need, readonly Attempt[]>> = {
  namespaceLabels: [
    // A namespace that the watch does not have yet.
    async (api) => api.request({ path: '/api/v1/namespaces/shop' }),
    // The watch of API servers without watch-list.
    async (api) => api.request({ path: '/api/v1/namespaces' }),
    async (api) => firstEvent(api, '/api/v1/namespaces'),
  ],
  pullSecrets: SECRETS,
  registryImages: SECRETS,
  registryTags: SECRETS,
  registryDetails: SECRETS,
  registryOriginals: SECRETS,
  registryOriginalTags: SECRETS,
  registryCopies: SECRETS,
  originalImages: [],
  now: [],
};

async function firstEvent(api: ClusterApi, path: string, query: Record<string, string> = {}): Promise<unknown> {
  const ended = new AbortController();
  for await (const event of api.watch({ path, query, idleMs: 10_000 }, ended.signal)) {
    ended.abort();
    return event;
  }
  return undefined;
}

describeWith(assetsMissing, 'the generated roles on a real API server', () => {
  let plane: ControlPlane;
  let server: ClusterApi;
  let folder: string;

  const create = async (path: string, object: unknown): Promise<unknown> => {
    const { status, body } = await plane.request('POST', path, object);
    expect(`${path} ${status} ${status < 300 ? '' : JSON.stringify(body)}`).toMatch(/ 201 $/);
    return body;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tidewaiter-access-'));
    plane = await startControlPlane();
    for (const name of ['tidewaiter', 'shop']) await create('/api/v1/namespaces', { metadata: { name } });
    await create('/api/v1/namespaces/shop/secrets', { metadata: { name: 'pull' } });
    await create('/api/v1/namespaces/tidewaiter/serviceaccounts', { metadata: { name: 'tidewaiter' } });
    const { status } = (await create('/api/v1/namespaces/tidewaiter/serviceaccounts/tidewaiter/token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {},
    })) as { readonly status: { readonly token: string } };
    server = openClusterApi(
      {
        mode: 'on',
        from: '--cluster',
        kubeconfig: writeKubeconfig(folder, plane, status.token),
        context: undefined,
      },
      { env: {}, originOf: () => '' },
    );
  }, 120_000);
  afterAll(async () => {
    await server?.close();
    await plane?.stop();
    rmSync(folder, { recursive: true });
  });

  /** Runs while the ServiceAccount has these roles, and no others. */
  async function withRoles(roles: readonly TreeObject[], run: () => Promise<void>): Promise<void> {
    const objects = roles.map((tree) => plain(tree) as RoleObject);
    const pathOf = ({ kind, metadata: { namespace } }: RoleObject): string =>
      `/apis/rbac.authorization.k8s.io/v1/${namespace === undefined ? '' : `namespaces/${namespace}/`}${kind.toLowerCase()}s`;
    for (const object of objects) await create(pathOf(object), object);
    try {
      await run();
    } finally {
      for (const object of objects) await plane.request('DELETE', `${pathOf(object)}/${object.metadata.name}`);
    }
  }

  /** With all rules, every attempt succeeds. Without any one verb, exactly one is forbidden. */
  async function needsExactly(
    rules: readonly AccessRule[],
    attempts: readonly Attempt[],
    rolesOf: (some: readonly AccessRule[]) => readonly TreeObject[],
  ): Promise<void> {
    await withRoles(rolesOf(rules), async () => {
      expect(await statuses(attempts, isFine)).toEqual(attempts.map(() => 200));
    });
    for (const [index, { verbs }] of rules.entries()) {
      for (const verb of verbs) {
        const less = rules.map((rule, at) =>
          at === index ? { ...rule, verbs: verbs.filter((one) => one !== verb) } : rule,
        );
        await withRoles(rolesOf(less.filter((rule) => rule.verbs.length > 0)), async () => {
          const oneIsMissing = (found: readonly number[]): boolean =>
            found.filter((status) => status === 403).length === 1;
          const found = await statuses(attempts, oneIsMissing);
          expect(
            found.toSorted((one, other) => one - other),
            `without ${verb}`,
          ).toEqual([...attempts.slice(1).map(() => 200), 403]);
        });
      }
    }
  }

  /** The statuses of all requests, once the roles have taken effect. */
  async function statuses(attempts: readonly Attempt[], isSettled: (found: readonly number[]) => boolean) {
    const until = performance.now() + 10_000;
    for (;;) {
      const found = await Promise.all(
        attempts.map(async (attempt) =>
          attempt(server).then(
            () => 200,
            (error: unknown) => {
              // The message names the rule.
              if (error instanceof Outage) return /\bget\b/.test(error.message) ? 403 : 500;
              return error instanceof ApiError ? error.status : Promise.reject(error);
            },
          ),
        ),
      );
      if (isSettled(found) || performance.now() > until) return found;
    }
  }

  const isFine = (found: readonly number[]): boolean => found.every((status) => status === 200);

  test('without a role, every request is forbidden', async () => {
    const attempts = [...new Set(Object.values(ATTEMPTS).flat())];
    const found = await statuses(attempts, (seen) => seen.every((status) => status === 403));
    expect(found).toEqual(attempts.map(() => 403));
  });

  const FACTS = (Object.keys(RULES_BY_NEED) as Need[]).filter((need) => RULES_BY_NEED[need].length > 0);

  test.each(FACTS.flatMap((need) => [[need, undefined] as const, [need, ['shop']] as const]))(
    '%s needs exactly its rules, in the namespaces %j',
    async (need, onlyNamespaces) => {
      const options = { namespace: 'tidewaiter', onlyNamespaces };
      const roles = (rules: readonly AccessRule[]): readonly TreeObject[] => clusterRoles(rules, options);
      const rules = rulesFor(new Set([need]));
      expect(rules.length).toBeGreaterThan(0);
      await needsExactly(rules, ATTEMPTS[need], roles);
    },
    60_000,
  );

  test('a certificate that the server renews needs exactly its rules', async () => {
    const secrets = '/api/v1/namespaces/tidewaiter/secrets';
    await create(secrets, { metadata: { name: 'tidewaiter-tls' } });
    const own = ownRole(CERTIFICATE_RULES, 'tidewaiter');
    await needsExactly(
      CERTIFICATE_RULES,
      [
        ...readAndWatch(secrets, 'tidewaiter-tls'),
        async (api) => {
          const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'tidewaiter-tls' }, type: 'Opaque' };
          return api.request({ method: 'PUT', path: `${secrets}/tidewaiter-tls`, body });
        },
        async (api) =>
          api.request({ method: 'POST', path: secrets, query: { dryRun: 'All' }, body: { metadata: { name: 'new' } } }),
      ],
      (rules) => ownRole(rules, 'tidewaiter'),
    );
    await withRoles(own, async () => {
      const other: Attempt = async (api) => api.request({ path: `${secrets}/another` });
      expect(await statuses([other], (found) => found[0] === 403)).toEqual([403]);
    });
  }, 60_000);

  test.each(['self', 'files'] as const)(
    'the webhook configurations of a server with tls %s need exactly its rules',
    async (tls) => {
      for (const rule of configurationRules(tls)) {
        const path = `/apis/admissionregistration.k8s.io/v1/${rule.resource}`;
        await plane.request('POST', path, { metadata: { name: 'tidewaiter' } });
        const [get, ...watch] = readAndWatch(path, 'tidewaiter');
        const at = `${path}/tidewaiter`;
        const patch: Attempt = async (api) =>
          api.request({
            method: 'PATCH',
            path: at,
            contentType: 'application/merge-patch+json',
            body: { webhooks: [] },
          });
        const remove: Attempt = async (api) => api.request({ method: 'DELETE', path: at, body: { dryRun: ['All'] } });
        const attempts = [...(get === undefined ? [] : [get]), ...(tls === 'self' ? [...watch, patch] : []), remove];
        expect(attempts).toHaveLength(rule.verbs.length);
        await needsExactly([rule], attempts, (rules) => clusterRoles(rules, { namespace: 'tidewaiter' }));
      }
    },
    60_000,
  );

  test('the namespace of the server needs exactly its rule', async () => {
    const rule = namespaceRule('tidewaiter');
    const attempts = readAndWatch('/api/v1/namespaces', 'tidewaiter');
    expect(attempts).toHaveLength(rule.verbs.length);
    await needsExactly([rule], attempts, (rules) => clusterRoles(rules, { namespace: 'tidewaiter' }));
  }, 60_000);

  test('the rules of the server give no access to other objects', async () => {
    const rules = [namespaceRule('tidewaiter'), ...configurationRules('self'), ...configurationRules('files')];
    const others: readonly Attempt[] = [
      async (api) => api.request({ path: '/api/v1/namespaces/shop' }),
      async (api) => api.request({ path: '/api/v1/namespaces' }),
      ...rules.slice(1).flatMap(({ resource, verbs }): readonly Attempt[] => {
        const path = `/apis/admissionregistration.k8s.io/v1/${resource}`;
        const body = { metadata: { name: 'another' } };
        expect(verbs).not.toContain('create');
        return [
          async (api) => api.request({ path: `${path}/another` }),
          async (api) => api.request({ method: 'DELETE', path: `${path}/another` }),
          async (api) => api.request({ method: 'POST', path, query: { dryRun: 'All' }, body }),
        ];
      }),
    ];
    await withRoles(clusterRoles(rules, { namespace: 'tidewaiter' }), async () => {
      const own: Attempt = async (api) => api.request({ path: '/api/v1/namespaces/tidewaiter' });
      expect(await statuses([own], isFine)).toEqual([200]);
      expect(await statuses(others, (found) => found.every((status) => status === 403))).toEqual(others.map(() => 403));
    });
  });
});

/** As the server reads one object: by `get`, and by the watch of its name. */
function readAndWatch(path: string, name: string): readonly Attempt[] {
  const query = { fieldSelector: `metadata.name=${name}` };
  return [
    async (api) => api.request({ path: `${path}/${name}` }),
    async (api) => api.request({ path, query }),
    async (api) => firstEvent(api, path, query),
  ];
}

interface RoleObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}
