/** Platforms that a Pod can run on, as evaluated by the scheduler and the kubelet. */
import { describe, expect, test } from 'vitest';
import { nodePlatformsOf, type NodePlatforms } from '../../src/pod/node-platforms.ts';
import { ShapeError } from '../../src/pod/pointer.ts';
import { pod } from '../policy/fixtures.ts';

function platformsOf(spec: string): NodePlatforms {
  const [only] = pod(`{${spec}}`).pods;
  if (only === undefined) throw new Error('no pod');
  return nodePlatformsOf(only);
}

const PLATFORMS = ['linux/amd64', 'linux/arm64', 'windows/amd64', 'linux/386'];

const admitted = (spec: string): readonly string[] => {
  const { admits } = platformsOf(spec);
  return PLATFORMS.filter((text) => admits(...(text.split('/') as [string, string])));
};

const affinity = (...terms: readonly string[]): string =>
  `affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [${terms.join(', ')}]}}}`;
const term = (...expressions: readonly string[]): string => `{matchExpressions: [${expressions.join(', ')}]}`;
const ARCH = 'key: kubernetes.io/arch';
const OS = 'key: kubernetes.io/os';

describe('a Pod can run', () => {
  test.each<[string, string, readonly string[]]>([
    ['anywhere, when it says nothing', 'containers: []', PLATFORMS],
    ['where its nodeSelector says', 'nodeSelector: {kubernetes.io/arch: arm64}', ['linux/arm64']],
    ['where the older label says', 'nodeSelector: {beta.kubernetes.io/os: windows}', ['windows/amd64']],
    ['where both labels say', 'nodeSelector: {kubernetes.io/arch: amd64, beta.kubernetes.io/arch: arm64}', []],
    ['anywhere, as far as other labels say', 'nodeSelector: {disk: ssd, constructor: x}', PLATFORMS],
    ['on the system of spec.os', 'os: {name: windows}', ['windows/amd64']],
    [
      'where one of the values says',
      affinity(term(`{${ARCH}, operator: In, values: [arm64, "386"]}`)),
      ['linux/arm64', 'linux/386'],
    ],
    [
      'where none of the values says',
      affinity(term(`{${ARCH}, operator: NotIn, values: [arm64, "386"]}`)),
      ['linux/amd64', 'windows/amd64'],
    ],
    ['anywhere, since the label exists', affinity(term(`{${ARCH}, operator: Exists}`)), PLATFORMS],
    ['nowhere, since the label exists', affinity(term(`{${ARCH}, operator: DoesNotExist}`)), []],
    ['where a number is greater', affinity(term(`{${ARCH}, operator: Gt, values: ["385"]}`)), ['linux/386']],
    ['where a number is not less', affinity(term(`{${ARCH}, operator: Lt, values: ["386"]}`)), []],
    ['nowhere, since the limit is no number', affinity(term(`{${ARCH}, operator: Gt, values: [x]}`)), []],
    [
      'where one of its terms says',
      affinity(term(`{${ARCH}, operator: In, values: [arm64]}`), term(`{${OS}, operator: In, values: [windows]}`)),
      ['linux/arm64', 'windows/amd64'],
    ],
    [
      'where all expressions of a term say',
      affinity(term(`{${ARCH}, operator: In, values: [amd64]}`, `{${OS}, operator: NotIn, values: [windows]}`)),
      ['linux/amd64'],
    ],
    [
      'where a term about other labels leaves it open',
      affinity(term('{key: zone, operator: In, values: [a]}'), term(`{${ARCH}, operator: In, values: [arm64]}`)),
      PLATFORMS,
    ],
    [
      'on a node by name, whatever its platform',
      affinity('{matchFields: [{key: metadata.name, operator: In, values: [n]}]}'),
      PLATFORMS,
    ],
    ['nowhere by a term without anything in it', affinity('{}', '{matchExpressions: []}'), []],
    ['nowhere by an affinity without terms', affinity(), []],
    [
      'anywhere by an affinity that is only preferred',
      'affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [arm64]}]}}]}}',
      PLATFORMS,
    ],
    [
      'where selector and affinity both say',
      `nodeSelector: {kubernetes.io/os: linux}, ${affinity(term(`{${ARCH}, operator: In, values: [amd64]}`))}`,
      ['linux/amd64'],
    ],
    [
      'anywhere by an operator that the API refuses',
      affinity(term(`{${ARCH}, operator: constructor, values: [x]}`)),
      PLATFORMS,
    ],
  ])('%s', (_what, spec, platforms) => {
    expect(admitted(spec)).toEqual(platforms);
  });
});

test('names are listed once, also from negative requirements', () => {
  const spec = `nodeSelector: {kubernetes.io/arch: arm64}, ${affinity(term(`{${ARCH}, operator: NotIn, values: [amd64, arm64]}`, `{${OS}, operator: In, values: [linux]}`))}`;
  expect(platformsOf(spec).named).toEqual({ os: ['linux'], architecture: ['arm64', 'amd64'] });
});

test.each<[string, string]>([
  ['nodeSelector: [x]', '/spec/nodeSelector'],
  ['nodeSelector: {kubernetes.io/arch: 5}', '/spec/nodeSelector/kubernetes.io~1arch'],
  ['os: linux', '/spec/os'],
  [affinity('x'), '/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0'],
  [
    affinity(term(`{${ARCH}, operator: In, values: [386]}`)),
    '/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions/0/values/0',
  ],
  [
    affinity(term(`{${ARCH}, operator: In, values: x}`)),
    '/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions/0/values',
  ],
])('%s has another shape than in the API', (spec, pointer) => {
  expect(() => platformsOf(spec)).toThrow(ShapeError);
  expect(() => platformsOf(spec)).toThrow(expect.objectContaining({ pointer }));
});
