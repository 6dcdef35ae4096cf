/** The status, the events, and the pull errors of a live Pod, with texts of users' clusters. */
import { describe, expect, test } from 'vitest';
import { podStatusOf, runningImageOf } from '../../src/pod/pod-status.ts';
import { isPullReason, pullErrorKind } from '../../src/pod/pull-error.ts';
import { namesImage, pullEventsIn } from '../../src/pod/pull-events.ts';

const D = `sha256:${'a'.repeat(64)}`;

describe('the image of a container that runs', () => {
  test.each([
    ['', { state: 'none' }],
    [`docker.io/library/nginx@${D}`, { state: 'digest', digest: D }],
    [`docker-pullable://nginx@${D}`, { state: 'digest', digest: D }],
    [`registry.example.com:5000/a@b@${D}`, { state: 'digest', digest: D }],
    [`docker://${D}`, { state: 'id', text: D }],
    [D, { state: 'id', text: D }],
    ['a'.repeat(64), { state: 'id', text: 'a'.repeat(64) }],
    ['nginx@sha256:abc', { state: 'unreadable', text: 'nginx@sha256:abc' }],
    ['nginx:1.27', { state: 'unreadable', text: 'nginx:1.27' }],
  ])('%j', (imageId, expected) => {
    expect(runningImageOf(imageId)).toEqual(expected);
  });
});

describe('the status of a Pod', () => {
  test.each([{}, { metadata: 1, spec: [], status: 'x' }, { status: { containerStatuses: [1, null, { name: 7 }] } }])(
    'of another shape is empty: %j',
    (object) => {
      const { phase, nodeName, volumeImages } = podStatusOf(object);
      expect({ phase, nodeName, volumeImages: volumeImages.size }).toEqual({
        phase: '',
        nodeName: undefined,
        volumeImages: 0,
      });
    },
  );

  test('contains the images of volumes', () => {
    const volumeMounts = [
      { name: 'model', volumeStatus: { image: { imageRef: `r/m@${D}` } } },
      { name: 'cache', volumeStatus: {} },
    ];
    const { volumeImages } = podStatusOf({ status: { containerStatuses: [{ name: 'web', volumeMounts }] } });
    expect([...volumeImages]).toEqual([['model', `r/m@${D}`]]);
  });
});

describe('events about pulls', () => {
  test('are those with the reasons of the kubelet, newest first', () => {
    const of = (reason: string, message: string, time: string, more: object = {}): Record<string, unknown> => ({
      reason,
      message,
      lastTimestamp: time,
      ...more,
    });
    const events = [
      of('Failed', 'Failed to pull image "a": x', '2026-01-01T00:00:00Z', {
        involvedObject: { fieldPath: 'spec.initContainers{a}' },
      }),
      of('Pulling', 'Pulling image "a"', '2026-01-01T00:00:04Z'),
      of('Pulled', 'Container image "a" already present on machine', '2026-01-01T00:00:05Z'),
      of('Created', 'Created container', '2026-01-01T00:00:06Z'),
      of('InspectFailed', 'Failed to inspect image', '2026-01-01T00:00:07Z'),
      of('Failed', 'Error: ErrImagePull', '2026-01-01T00:00:01Z'),
      of('BackOff', 'Back-off restarting failed container', '2026-01-01T00:00:02Z'),
      {
        reason: 'BackOff',
        message: 'Back-off pulling image "a"',
        eventTime: '2026-01-01T00:00:03Z',
        series: { count: 7 },
      },
      of(
        'FailedToRetrieveImagePullSecret',
        'Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.',
        '',
      ),
    ];
    expect(pullEventsIn(events).map(({ kind, reason, container, count }) => [kind, reason, container, count])).toEqual([
      ['error', 'InspectFailed', undefined, 1],
      ['pulled', 'Pulled', undefined, 1],
      ['pulling', 'Pulling', undefined, 1],
      ['error', 'BackOff', undefined, 7],
      ['error', 'Failed', 'a', 1],
      ['secrets', 'FailedToRetrieveImagePullSecret', undefined, 1],
    ]);
  });

  test('name images with the default tag', () => {
    expect(namesImage({ message: 'Failed to pull image "a:latest": x' }, 'a')).toBe(true);
    expect(namesImage({ message: 'Failed to pull image "ab": x' }, 'a')).toBe(false);
  });
});

describe('the kind of a pull error', () => {
  test.each([
    ['ErrImageNeverPull', '', 'neverPull'],
    ['InvalidImageName', '', 'invalidName'],
    ['ImagePullBackOff', 'Back-off pulling image "a"', 'other'],
    [
      'ErrImagePull',
      'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/foundationdb/fdb-kubernetes-operator:v2.6.0": no match for platform in manifest: not found',
      'platform',
    ],
    [
      'ErrImagePull',
      'rpc error: code = Unknown desc = no matching manifest for linux/arm64/v8 in the manifest list entries',
      'platform',
    ],
    [
      'ErrImagePull',
      "rpc error: code = Unknown desc = Error response from daemon: pull access denied for a/b, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      'unauthorized',
    ],
    [
      'ErrImagePull',
      'failed to resolve reference "r/a:1": failed to authorize: failed to fetch anonymous token: Get "https://auth.docker.io/token": dial tcp: lookup auth.docker.io on 10.0.0.2:53: no such host',
      'dns',
    ],
    [
      'ErrImagePull',
      'failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized',
      'unauthorized',
    ],
    [
      'ErrImagePull',
      'reading manifest latest in registry.example.com/image: manifest unknown: manifest unknown',
      'notFound',
    ],
    [
      'ErrImagePull',
      'failed to do request: Head "https://r/v2/a": tls: failed to verify certificate: x509: certificate signed by unknown authority',
      'tls',
    ],
    ['ErrImagePull', 'http: server gave HTTP response to HTTPS client', 'tls'],
    [
      'ErrImagePull',
      'net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
      'timeout',
    ],
    [
      'ErrImagePull',
      '429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit',
      'rateLimited',
    ],
    ['ErrImagePull', 'write /var/lib/containerd/x: no space left on device', 'disk'],
    ['ErrImagePull', 'pull QPS exceeded', 'throttled'],
    ['RegistryUnavailable', 'image pull failed for a because the registry is unavailable', 'serverError'],
    ['SignatureValidationFailed', '', 'signature'],
    ['ErrImagePull', 'x'.repeat(3_000_000), 'other'],
  ])('%s %.80s is %s', (reason, text, kind) => {
    expect(pullErrorKind(reason, [text])).toBe(kind);
    expect(isPullReason(reason)).toBe(true);
  });

  test('is that of the first text with a known kind', () => {
    expect(pullErrorKind('ImagePullBackOff', ['Back-off pulling image "a"', 'a: not found'])).toBe('notFound');
  });
});
