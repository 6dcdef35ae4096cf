// Records test/recordings again: node test/cluster/record.ts. What the API server sends is kept as it is, apart from white
// space; uids, times and names of Pods differ from run to run.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { kubectlMissing } from '../support/kubectl.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { startRecorder, type ReceivedReview, type Recorder } from './recorder.ts';
import { namespace, prepareNamespace, scenes, type Shot } from './scenes.ts';

const repository = join(import.meta.dirname, '..', '..');
const recordings = join(repository, 'test', 'recordings');

const rules = [
  { apiGroups: [''], resources: ['pods', 'pods/ephemeralcontainers', 'pods/exec'] },
  { apiGroups: ['apps'], resources: ['deployments', 'deployments/scale', 'replicasets', 'statefulsets', 'daemonsets'] },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'] },
].map((rule) => ({ ...rule, apiVersions: ['v1'], operations: ['*'] }));

await record();

async function record(): Promise<void> {
  if (kubectlMissing !== undefined) throw new Error(kubectlMissing);
  const plane = await startControlPlane();
  const recorder = await startRecorder();
  try {
    await prepareNamespace(plane);
    await register(plane, recorder);
    for (const scene of scenes) {
      const from = recorder.received.length;
      await scene.act(plane);
      for (const shot of scene.shots) keep(shot, await recorder.find(from, shot.name, (review) => isOf(shot, review)));
    }
  } finally {
    await plane.stop();
    await recorder.stop();
  }
}

async function register(plane: ControlPlane, recorder: Recorder): Promise<void> {
  const webhook = (path: string, version: string): object => ({
    name: `${path}.recorder.example.com`,
    clientConfig: { url: `${recorder.url}/${path}`, caBundle: recorder.caBundle },
    rules,
    admissionReviewVersions: [version],
    sideEffects: 'None',
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  });
  await configure(plane, 'ValidatingWebhookConfiguration', [
    webhook('validate', 'v1'),
    webhook('validate-v1beta1', 'v1beta1'),
  ]);
  await configure(plane, 'MutatingWebhookConfiguration', [webhook('mutate', 'v1')]);

  // It takes the API server about a second to heed them.
  const paths = (): number => new Set(recorder.received.map(({ path }) => path)).size;
  while (paths() < 3) {
    await plane.kubectl(['--namespace', namespace, 'run', 'probe', '--image=probe', '--dry-run=server']);
    await delay(100);
  }
}

async function configure(plane: ControlPlane, kind: string, webhooks: readonly object[]): Promise<void> {
  const path = `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}s`;
  const configuration = { metadata: { name: 'recorder' }, webhooks };
  const { status, body } = await plane.request('POST', path, configuration);
  if (status !== 201) throw new Error(`${kind} was answered ${status}: ${JSON.stringify(body)}`);
}

function isOf(shot: Shot, { path, request }: ReceivedReview): boolean {
  const resource = [request.resource.resource, request.subResource].filter(Boolean).join('/');
  const by = request.userInfo.username.startsWith('system:serviceaccount:') ? 'controller' : undefined;
  return (
    path === `/${shot.to ?? 'validate'}` &&
    `${request.operation.toLowerCase()} ${resource}` === shot.of &&
    (shot.object ?? /(?:)/).test(request.name ?? '') &&
    by === shot.by
  );
}

function keep({ name }: Shot, { text }: ReceivedReview): void {
  // Service account tokens are the only secrets in this cluster; none is part of a Pod.
  if (text.includes('eyJ')) throw new Error(`${name} has what looks like a token`);
  writeFileSync(join(recordings, `${name}.json`), formatted(text));
  process.stderr.write(`${name}: ${text.length} bytes\n`);
}

/** The formatter leaves escapes and numbers as they are; this checks that it did. */
function formatted(json: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidewaiter-recording-')); // where no configuration excludes it
  try {
    const file = join(folder, 'review.json');
    writeFileSync(file, json);
    const oxfmt = join(repository, 'node_modules', '.bin', 'oxfmt');
    execFileSync(oxfmt, ['--config', join(repository, '.oxfmtrc.json'), file]);
    const pretty = readFileSync(file, 'utf8');
    if (withoutSpace(pretty) !== withoutSpace(json)) throw new Error('the formatter changed more than white space');
    return pretty;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function withoutSpace(json: string): string {
  return json.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
}
