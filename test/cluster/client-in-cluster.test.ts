/** The client and a real API server: users, errors, server-side apply, and watches. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ApiError, ApiOutage, type ClusterApi, type WatchEvent } from '../../src/cluster/api.ts';
import { createClusterApi } from '../../src/cluster/client.ts';
import { textIn } from '../../src/cluster/entry.ts';
import { podConnection } from '../../src/cluster/in-pod.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { describeWith } from '../support/real-part.ts';
import { base64, kubeconfigText, openKubeconfig } from '../support/tls-api-server.ts';
import { assetsMissing } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

vi.setConfig({ testTimeout: 30_000 });

interface Review {
  readonly status: { readonly userInfo: JsonObject };
}

describeWith(assetsMissing, 'the client of a real API server', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-client-'));
  const opened: ClusterApi[] = [];
  let plane: ControlPlane;
  let admin: ClusterApi;

  beforeAll(async () => {
    plane = await startControlPlane();
    admin = keep(openKubeconfig(plane.kubeconfig));
    await admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'client' } } });
  }, 120_000);
  afterAll(async () => {
    await Promise.all(opened.map(async (api) => api.close()));
    await plane.stop();
    rmSync(folder, { recursive: true });
  });

  function keep(api: ClusterApi): ClusterApi {
    opened.push(api);
    return api;
  }

  function client(user: object): ClusterApi {
    const file = path.join(folder, 'config');
    const cluster = { server: plane.url, 'certificate-authority-data': base64(plane.ca) };
    writeFileSync(file, kubeconfigText({ cluster, user: { ...user } }));
    return keep(openKubeconfig(file));
  }

  async function tokenOf(name: string): Promise<string> {
    const accounts = '/api/v1/namespaces/client/serviceaccounts';
    await admin.request({ method: 'POST', path: accounts, body: { metadata: { name } } });
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const made = await admin.request({ method: 'POST', path: `${accounts}/${name}/token`, body });
    return (made['status'] as { readonly token: string }).token;
  }

  async function userOf(api: ClusterApi): Promise<JsonObject> {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const reviewed = await api.request({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body,
    });
    return (reviewed as unknown as Review).status.userInfo;
  }

  /** The client certificate of the admin, who may impersonate. */
  function adminCertificate(): object {
    const text = readFileSync(plane.kubeconfig, 'utf8');
    const valueOf = (key: string): string | undefined => new RegExp(`"?${key}"?: *"?([^"\\s,}]+)`).exec(text)?.[1];
    return Object.fromEntries(
      ['client-certificate', 'client-certificate-data', 'client-key', 'client-key-data'].flatMap((key) => {
        const value = valueOf(key);
        return value === undefined ? [] : [[key, value] as const];
      }),
    );
  }

  const failure = async (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

  test('is the user of the kubeconfig, or all that it impersonates', async () => {
    expect(await userOf(admin)).toMatchObject({ groups: expect.arrayContaining(['system:masters']) as unknown });
    const user = {
      ...adminCertificate(),
      as: 'zoë',
      'as-uid': '17',
      'as-groups': ['team:a', 'team:b'],
      'as-user-extra': { 'example.com/Scope': ['x', 'y'] },
    };
    expect(await userOf(client(user))).toEqual({
      username: 'zoë',
      uid: '17',
      groups: ['team:a', 'team:b', 'system:authenticated'],
      extra: { 'example.com/scope': ['x', 'y'] },
    });
  });

  test('in a Pod is its ServiceAccount, and takes a new token when the API server rejects the old one', async () => {
    const { hostname, port } = new URL(plane.url);
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    writeFileSync(path.join(folder, 'ca.crt'), plane.ca);
    writeFileSync(path.join(folder, 'namespace'), 'client\n');
    writeFileSync(path.join(folder, 'token'), `${await tokenOf('old')}\n`);
    const api = keep(createClusterApi(podConnection(env, folder), { env }));
    expect(api.namespace).toBe('client');
    expect(await userOf(api)).toMatchObject({ username: 'system:serviceaccount:client:old' });
    await admin.request({ method: 'DELETE', path: '/api/v1/namespaces/client/serviceaccounts/old' });
    const rejection = await vi.waitUntil(
      async () => failure(api.request({ path: '/api' })).then((error) => error instanceof ApiError && error),
      { timeout: 15_000, interval: 200 },
    );
    expect(rejection).toMatchObject({
      status: 401,
      message: expect.stringMatching(/rejected the credentials of the/) as unknown,
    });
    writeFileSync(path.join(folder, 'token'), await tokenOf('new'));
    expect(await userOf(api)).toMatchObject({ username: 'system:serviceaccount:client:new' });
  });

  test('reports the errors of the API server with their reason', async () => {
    const secret = '/api/v1/namespaces/client/secrets/absent';
    expect(await failure(admin.request({ path: secret }))).toMatchObject({
      status: 404,
      reason: 'NotFound',
      message: 'secrets "absent" not found',
    });
    const stranger = client({ token: await tokenOf('stranger') });
    expect(await failure(stranger.request({ path: secret }))).toMatchObject({
      status: 403,
      reason: 'Forbidden',
      message: expect.stringContaining('cannot get resource "secrets"') as unknown,
    });
    expect(await failure(client({ token: 'unknown' }).request({ path: secret }))).toMatchObject({
      status: 401,
      reason: 'Unauthorized',
    });
    const watching = async (): Promise<unknown> => {
      const { signal } = new AbortController();
      for await (const event of stranger.watch({ path: '/api/v1/namespaces', idleMs: 5000 }, signal)) return event;
      return undefined;
    };
    expect(await failure(watching())).toMatchObject({ status: 403, reason: 'Forbidden' });
  });

  test('applies on the server, keeps unknown fields, and reports conflicts', async () => {
    const map = '/api/v1/namespaces/client/configmaps/applied';
    const apply = async (manager: string, value: string): Promise<JsonObject> =>
      admin.request({
        method: 'PATCH',
        path: map,
        query: { fieldManager: manager },
        contentType: 'application/apply-patch+yaml',
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { key: value } },
      });
    expect(await apply('one', 'ä')).toMatchObject({ data: { key: 'ä' } });
    expect(await failure(apply('two', 'b'))).toMatchObject({ status: 409, reason: 'Conflict' });
    expect(await admin.request({ path: map })).toMatchObject({ data: { key: 'ä' } });
  });

  test('watches with initial events and a bookmark, then changes', async () => {
    const maps = '/api/v1/namespaces/client/configmaps';
    const ended = new AbortController();
    const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: 'true' };
    const seen: string[] = [];
    const nameOf = ({ object }: WatchEvent): string => textIn(object['metadata'] as JsonObject, 'name');
    for await (const event of admin.watch({ path: maps, query, idleMs: 10_000 }, ended.signal)) {
      seen.push(`${event.type} ${nameOf(event)}`.trim());
      if (event.type === 'BOOKMARK') {
        await admin.request({ method: 'POST', path: maps, body: { metadata: { name: 'watched' } } });
      }
      if (nameOf(event) === 'watched') break;
    }
    expect(seen.slice(-2)).toEqual(['BOOKMARK', 'ADDED watched']);
    expect(seen).toContain('ADDED applied');
  });

  test('survives a restart of the API server', async () => {
    expect(await admin.request({ path: '/version' })).toHaveProperty('gitVersion');
    const restarted = plane.restartApiServer();
    const during: unknown[] = [];
    for (let done = false; !done;) {
      during.push(await failure(admin.request({ path: '/version', timeoutMs: 1000 })));
      done = await Promise.race([
        restarted.then(() => true),
        new Promise<false>((resolve) => setTimeout(resolve, 100, false)),
      ]);
    }
    const errors = during.filter((each) => each instanceof Error);
    // An API server that starts also returns errors.
    expect(errors.filter((error) => !(error instanceof ApiOutage || error instanceof ApiError))).toEqual([]);
    expect(errors.some((error) => error instanceof ApiOutage)).toBe(true);
    expect(await admin.request({ path: '/version' })).toHaveProperty('gitVersion');
  }, 60_000);
});
