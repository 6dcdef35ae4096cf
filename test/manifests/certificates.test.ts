/** Runs the commands in certs/README.md and in the local overlay unchanged. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { compose } from '../../src/wiring.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { loadCertificate } from '../../src/certificate/generated-certificate.ts';
import { assetsMissing } from '../cluster/assets.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';
import { describeWith } from '../support/real-part.ts';
import { kubectlMissing, ROOT } from './documents.ts';

const opensslMissing = spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout?.startsWith('OpenSSL 3')
  ? undefined
  : 'OpenSSL 3 is not on the PATH (apt-get install openssl)';

/** The block of shell commands in certs/README.md that has this line start in it. */
function commandsWith(start: string): string {
  const readme = readFileSync(path.join(ROOT, 'certs/README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const [block = 'false', ...more] = blocks.filter((text) => text.split('\n').some((line) => line.startsWith(start)));
  expect(more).toEqual([]);
  return block;
}

/** A folder that looks like the repository, for commands that name files from its root. */
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tidewaiter-by-hand-'));
  symlinkSync(path.join(ROOT, 'manifests'), path.join(dir, 'manifests'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function shell(commands: string, env: NodeJS.ProcessEnv = {}): string {
  return execFileSync('sh', ['-euc', commands], {
    cwd: dir,
    stdio: 'pipe',
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

const file = (name: string): string => path.join(dir, 'certs/cluster', name);

describeWith(opensslMissing, 'a certificate made by hand', () => {
  test('is one that serve takes, and that strict verifiers take', async () => {
    shell(commandsWith('openssl req'));
    const [cert, key, ca] = [file('tls.crt'), file('tls.key'), file('ca.crt')];
    expect((await loadCertificate({ cert, key })).from).toBe(cert);
    const strict = '-x509_strict -purpose sslserver -verify_hostname tidewaiter.tidewaiter.svc';
    expect(shell(`openssl verify ${strict} -CAfile ${ca} ${cert}`)).toBe(`${cert}: OK\n`);
  });
});

describeWith(assetsMissing ?? kubectlMissing ?? opensslMissing, 'the manifests in a real API server', () => {
  let plane: ControlPlane;
  let server: TestServer;
  const kubectl = (commands: string): string => shell(commands, { KUBECONFIG: plane.kubeconfig });
  const pods = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;
  const pod = (image: string): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'web-' },
    spec: { containers: [{ name: 'web', image }] },
  });

  beforeAll(async () => {
    plane = await startControlPlane();
    const { context } = await compose({ kinds: kindTable(), policies: [] });
    server = await startAdmissionServer(context);
  }, 120_000);
  afterAll(async () => {
    await server.stop();
    await plane.stop();
  });

  test('the base is taken without a warning, and its Pods pass the Pod Security Standard of their namespace', async () => {
    const { code, stderr } = await plane.kubectl(['apply', '--kustomize', path.join(ROOT, 'manifests/base')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await vi.waitFor(
      async () => expect((await plane.request('GET', pods('tidewaiter'))).body).toMatchObject({ items: [{}, {}] }),
      { timeout: 30_000, interval: 250 },
    );
  }, 60_000);

  test('the webhook configurations are taken, get the authority made by hand, and keep it when they are applied again', async () => {
    shell(commandsWith('openssl req'));
    kubectl(commandsWith('for kind in'));
    kubectl('kubectl apply -k manifests/webhooks');
    for (const kind of ['validating', 'mutating']) {
      const bundle = kubectl(
        `kubectl get ${kind}webhookconfiguration tidewaiter -o jsonpath={.webhooks[0].clientConfig.caBundle}`,
      );
      expect(Buffer.from(bundle, 'base64').toString()).toBe(readFileSync(file('ca.crt'), 'utf8'));
    }
    kubectl('kubectl delete -k manifests/webhooks');
  }, 60_000);

  test('the local overlay registers a server with a certificate of our own making', async () => {
    const overlay = readFileSync(path.join(ROOT, 'manifests/overlays/local/kustomization.yaml'), 'utf8');
    const [, command = 'false'] = /^# {3}(kubectl kustomize .*)$/m.exec(overlay) ?? [];
    writeFileSync(path.join(dir, 'certs/ca.crt'), server.certificate.ca ?? '');
    kubectl(command.replace('sed ', `sed -e "s|https://127.0.0.1:8443|${server.url}|" -e `));
    await vi.waitFor(
      async () => {
        const { status, body } = await plane.request('POST', pods('default'), pod('nginx'));
        expect({ status, body }).toMatchObject({
          status: 403,
          body: { message: expect.stringContaining('admission webhook "validate.tidewaiter.dev" denied the request') },
        });
      },
      { timeout: 30_000, interval: 250 },
    );
    expect(server.reviews.some(({ endpoint }) => endpoint === 'mutate')).toBe(true);
    expect(await plane.request('POST', pods('kube-system'), pod('nginx'))).toMatchObject({ status: 201 });
    expect(await plane.request('POST', pods('default'), pod('nginx:1.27'))).toMatchObject({ status: 201 });
  }, 60_000);
});
