/** Updates from audit logs, which policies change as they would have in a cluster: without the webhook, no object was changed when it was created. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/pod/pointer.ts';
import type { ReplayDocument } from '../../../src/report/replay/json.ts';
import { recordedReview } from '../../recording/lines.ts';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { createReview } from '../../support/review.ts';

inOwnFolders('updates-as-run');

const POLICY = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: p}
spec:
  rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**", when: always}]
  rules: [{rule: image-registry, parameters: {allow: ["mirror.example.com/**"]}}]
`;

const metadata = { name: 'web', namespace: 'shop' };
const specOf = (image: string): JsonObject => ({ containers: [{ name: 'web', image }] });
const deployment = (image: string, replicas = 1): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata,
  spec: { replicas, template: { spec: specOf(image) } },
});
const pod = (image: string, labels: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { ...metadata, labels },
  spec: { ...specOf(image), nodeName: 'node' },
});

/** `before`: undefined: the old object is not known. */
const UPDATES: readonly (readonly [
  what: string,
  before: JsonObject | undefined,
  after: JsonObject,
  allowed: boolean,
])[] = [
  ['another number of replicas', deployment('nginx:1'), deployment('nginx:1', 2), true],
  ['another image', deployment('nginx:1'), deployment('nginx:2'), true],
  ['an image of another registry', deployment('nginx:1'), deployment('quay.io/a/b:1'), false],
  ['an object that is not known', undefined, deployment('nginx:1'), true],
  ['an object that is not known, with an image of another registry', undefined, deployment('quay.io/a/b:1'), false],
  ['a label of a live Pod', pod('nginx:1'), pod('nginx:1', { a: 'b' }), true],
  ['the image of a live Pod, which the webhook does not change', pod('nginx:1'), pod('nginx:2'), false],
  ['a live Pod that is not known', undefined, pod('nginx:1', { a: 'b' }), true],
];

describe('an update from an audit log', () => {
  test.each(UPDATES)('of %s', async (_what, before, after, allowed) => {
    const hasOldObject = before !== undefined;
    const line = recordedReview({
      review: createReview(after, { operation: 'UPDATE', oldObject: before ?? null }),
      origin: { source: 'audit-log', object: 'stored', admitted: true, hasOldObject },
      response: undefined,
    });
    writeFileSync('policy.yaml', POLICY);
    writeFileSync('audit.ndjson', `${JSON.stringify(line)}\n`);
    const { out } = await runCommand(['replay', 'audit.ndjson', '-p', 'policy.yaml', '-o', 'json', '--all']);
    const { reviews } = JSON.parse(out) as ReplayDocument;
    expect(reviews).toMatchObject([{ allowed, change: allowed ? 'same' : 'newly-denied' }]);

    const shrunk = await runCommand(['shrink', 'audit.ndjson', '-p', 'policy.yaml', '--out', 'tests']);
    expect(shrunk.note).toBe('');
    expect((await runCommand(['test', 'tests'])).out).toContain('1 passed');
  });
});
