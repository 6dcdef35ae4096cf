/** Runs the commands in certs/README.md unchanged. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { compose } from '../../src/wiring.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { loadCertificate } from '../../src/certificate/generated-certificate.ts';
import { assetsMissing } from '../cluster/assets.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';
import { ROOT } from './documents.ts';

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

/** Of the commands. `npx tidewaiter` in it runs the sources. */
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tidewaiter-by-hand-'));
  mkdirSync(path.join(dir, 'bin'));
  const main = path.join(ROOT, 'src/main.ts');
  writeFileSync(path.join(dir, 'bin/npx'), `#!/bin/sh\nshift\nexec "${process.execPath}" "${main}" "$@"\n`, {
    mode: 0o755,
  });
});
afterAll(() => rmSync(dir, { recursive: true }));

function shell(commands: string, env: NodeJS.ProcessEnv = {}): string {
  return execFileSync('sh', ['-euc', commands], {
    cwd: dir,
    stdio: 'pipe',
    encoding: 'utf8',
    env: { ...process.env, PATH: `${path.join(dir, 'bin')}:${process.env['PATH']}`, ...env },
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

  test('a server with a certificate made by hand: its Pods are created, and the configurations trust its CA', async () => {
    shell(commandsWith('openssl req'));
    kubectl(commandsWith('kubectl create namespace'));
    await vi.waitFor(
      async () => expect((await plane.request('GET', pods('tidewaiter'))).body).toMatchObject({ items: [{}, {}] }),
      { timeout: 30_000, interval: 250 },
    );
    const bundle = kubectl(
      'kubectl get validatingwebhookconfiguration tidewaiter -o jsonpath={.webhooks[*].clientConfig.caBundle}',
    );
    const ca = Buffer.from(readFileSync(file('ca.crt'), 'utf8')).toString('base64');
    expect(bundle.split(' ')).toEqual([ca, ca]);
    kubectl('kubectl delete validatingwebhookconfiguration,mutatingwebhookconfiguration tidewaiter');
  }, 60_000);

  test('a server on this machine, with a certificate of its own', async () => {
    const [, command = 'false'] =
      /^(npx .*)$/m.exec(commandsWith('npx tidewaiter manifests webhooks').replace('npx tidewaiter serve\n', '')) ?? [];
    writeFileSync(path.join(dir, 'certs/ca.crt'), server.certificate.ca ?? '');
    const pins = path.join(ROOT, 'manifests/policies/examples/pin.yaml');
    kubectl(command.replace('https://127.0.0.1:8443', `${server.url} -p ${pins}`));
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
