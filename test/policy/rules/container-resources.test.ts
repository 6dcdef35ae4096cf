/** Requests and limits that are missing, invalid, or out of bounds. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_FINDINGS } from '../../../src/policy/evaluate.ts';
import { findingsOf, pod, policyOf, read, requestFor, findingTexts, workload } from '../fixtures.ts';

const policy = (parameters: string): ReturnType<typeof policyOf> =>
  policyOf(`{rules: [{rule: container-resources, parameters: ${parameters}}]}`);
const findingsFor = (spec: string, parameters = '{}'): readonly string[] =>
  findingTexts(findingsOf([policy(parameters)], requestFor(pod(spec))));
const one = (resources: string): string => `{containers: [{name: c, image: i, resources: ${resources}}]}`;

const CPU = 'add resources: {requests: {cpu: 100m}}';
const MEMORY = 'add limits: {memory: 128Mi} to resources';

const ALL = 'add requests: {cpu: 100m, ephemeral-storage: 1Gi, nvidia.com/gpu: 1} to resources';

describe('required amounts', () => {
  test.each<[string, string, readonly string[]]>([
    ['{requests: [cpu]}', '{}', ['c: the container has no cpu request | add requests: {cpu: 100m} to resources']],
    ['{requests: [cpu]}', 'null', [`c: the container has no cpu request | ${CPU}`]],
    [
      '{requests: [cpu]}',
      '{requests: null, limits: {memory: 1}}',
      ['c: the container has no cpu request | add requests: {cpu: 100m} to resources'],
    ],
    ['{requests: [cpu]}', '{requests: {cpu: 1m}}', []],
    // SetDefaults_Pod: an absent request defaults to the limit.
    ['{requests: [cpu]}', '{limits: {cpu: 1}}', []],
    // 0 counts as not set.
    ['{requests: [cpu]}', '{requests: {cpu: 0}}', [`c: cpu request "0" counts as not set | for example 100m`]],
    [
      '{requests: [cpu]}',
      '{requests: {cpu: "0"}, limits: {cpu: 1}}',
      [`c: cpu request "0" counts as not set | for example 100m`],
    ],
    [
      '{requests: [cpu]}',
      '{requests: {cpu: null}, limits: {cpu: 1}}',
      [`c: cpu request "0" counts as not set | for example 100m`],
    ],
    ['{requests: [cpu]}', '{limits: {cpu: 0}}', [`c: cpu limit "0" counts as not set | for example 100m`]],
    ['{limits: [memory]}', '{requests: {memory: 1Mi}}', [`c: the container has no memory limit | ${MEMORY}`]],
    ['{limits: [memory]}', '{limits: {memory: 0Mi}}', [`c: memory limit "0Mi" counts as not set | for example 128Mi`]],
    ['{limits: [memory]}', '{limits: {memory: 1Gi}}', []],
    [
      '{requests: [cpu, ephemeral-storage, nvidia.com/gpu, cpu]}',
      '{}',
      [
        `c: the container has no cpu request | ${ALL}`,
        `c: the container has no ephemeral-storage request | ${ALL}`,
        `c: the container has no nvidia.com/gpu request | ${ALL}`,
      ],
    ],
    ['{noLimits: [cpu]}', '{limits: {cpu: 1, memory: 1}}', ['c: cpu limit "1" is not allowed | remove the cpu limit']],
    ['{noLimits: [cpu]}', '{requests: {cpu: 1}}', []],
  ])('%s of %s', (parameters, resources, sentences) => {
    expect(findingsFor(one(resources), parameters)).toEqual(sentences);
  });

  /** Applying the remedy never repeats a key of a map. */
  test.each<[what: string, resources: string | undefined, remedies: readonly string[]]>([
    [
      'nothing is there',
      undefined,
      ['add resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: 100m, memory: 128Mi}}'],
    ],
    [
      'it is null',
      'null',
      ['add resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: 100m, memory: 128Mi}}'],
    ],
    [
      'it is empty',
      '{}',
      ['add requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: 100m, memory: 128Mi} to resources'],
    ],
    [
      'both maps are there',
      '{requests: {}, limits: {}}',
      ['add cpu: 100m, memory: 128Mi to resources.requests; add cpu: 100m, memory: 128Mi to resources.limits'],
    ],
    [
      'limits are there',
      '{limits: {cpu: 1}}',
      ['add requests: {memory: 128Mi} to resources; add memory: 128Mi to resources.limits'],
    ],
    ['requests are there', '{requests: {cpu: 1, memory: 1}}', ['add limits: {cpu: 1, memory: 128Mi} to resources']],
    [
      'one is zero',
      '{requests: {memory: 1}, limits: {cpu: 0}}',
      ['for example 100m', 'add memory: 128Mi to resources.limits'],
    ],
    ['one is missing', '{requests: {cpu: 1, memory: 1}, limits: {cpu: 1}}', ['add memory: 128Mi to resources.limits']],
  ])('have one remedy if %s', (_what, resources, remedies) => {
    const spec = `{containers: [{name: c, image: i${resources === undefined ? '' : `, resources: ${resources}`}}]}`;
    const lines = findingsFor(spec, '{requests: [cpu, memory], limits: [cpu, memory]}');
    expect([...new Set(lines.map((line) => line.split(' | ')[1]))]).toEqual(remedies);
  });

  /** Applying the remedy causes no other finding. */
  test.each([
    ['{limits: [cpu]}', '{requests: {cpu: 3}}', 'add limits: {cpu: 3} to resources'],
    ['{limits: [cpu]}', '{requests: {cpu: 50m}}', 'add limits: {cpu: 100m} to resources'],
    ['{limits: [memory]}', '{requests: {memory: 2Gi}}', 'add limits: {memory: 2Gi} to resources'],
    ['{limits: [nvidia.com/gpu]}', '{requests: {nvidia.com/gpu: 4}}', 'add limits: {nvidia.com/gpu: 4} to resources'],
    ['{requests: [memory], min: {memory: 1Gi}}', '{}', 'add requests: {memory: 1Gi} to resources'],
    ['{limits: [memory], min: {memory: 64Mi}}', '{}', 'add limits: {memory: 128Mi} to resources'],
    ['{limits: [cpu], max: {cpu: 50m}}', '{}', 'add limits: {cpu: 50m} to resources'],
    ['{limits: [cpu], min: {cpu: 200m}, max: {cpu: 1}}', '{}', 'add limits: {cpu: 200m} to resources'],
    ['{requests: [cpu], limits: [cpu], min: {cpu: 2}}', '{}', 'add requests: {cpu: 2}, limits: {cpu: 2} to resources'],
    ['{limits: [cpu], max: {cpu: 4}}', '{requests: {cpu: 2}}', 'add limits: {cpu: 2} to resources'],
    [`{limits: [cpu]}`, `{requests: {cpu: "1${'0'.repeat(60)}m"}}`, 'add limits: {cpu: 100m} to resources'],
  ])('have a remedy that fits %s and %s', (parameters, resources, remedy) => {
    expect(findingsFor(one(resources), parameters).map((line) => line.split(' | ')[1])).toEqual(
      parameters.includes('requests: [cpu], limits') ? [remedy, remedy] : [remedy],
    );
  });

  test('apply to all containers except ephemeral ones, and not to images outside of pod specs', () => {
    const spec = `{initContainers: [{name: m, image: i}, {name: s, image: i, restartPolicy: Always}], containers: [{name: c, image: i}],
      ephemeralContainers: [{name: e, image: i}], volumes: [{name: v, image: {reference: m}}]}`;
    expect(findingsFor(spec, '{requests: [cpu]}').map((line) => line.split(':')[0])).toEqual(['m', 's', 'c']);
    const task = workload('{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: t}, spec: {steps: [{image: i}]}}');
    expect(findingsOf([policy('{requests: [cpu]}')], requestFor(task))).toEqual([]);
  });

  test('can be set by the whole Pod', () => {
    const spec = (whole: string): string => `{resources: ${whole}, containers: [{name: c, image: i}]}`;
    const parameters = '{requests: [cpu], limits: [memory]}';
    expect(findingsFor(spec('{limits: {cpu: 1, memory: 1Gi}}'), parameters)).toEqual([]);
    expect(findingsFor(spec('{limits: {cpu: 0, memory: 1Gi}}'), parameters)).toEqual([
      `c: the container has no cpu request | ${CPU}`,
    ]);
  });

  test('are reported at their pointers', () => {
    const found = findingsOf(
      [policy('{requests: [nvidia.com/gpu], limits: [memory]}')],
      requestFor(pod(one('{limits: {memory: 0}}'))),
    );
    expect(found.map(({ pointer }) => pointer)).toEqual([
      '/spec/containers/0/resources/limits/memory',
      '/spec/containers/0/resources/requests/nvidia.com~1gpu',
    ]);
  });
});

describe('amounts', () => {
  test.each<[string, readonly string[]]>([
    ['{requests: {cpu: 1}, limits: {cpu: 1, memory: 1.5Gi, ephemeral-storage: 1e9}}', []],
    [
      '{limits: {memory: 1 GB}}',
      [
        'c: memory limit "1 GB" is not a valid quantity: quantities do not end in "B" | use a quantity such as 100m, 0.5, 128Mi, or 2Gi',
      ],
    ],
    [
      '{requests: {cpu: ""}}',
      ['c: cpu request "" is not a valid quantity: it is empty | use a quantity such as 100m, 0.5, 128Mi, or 2Gi'],
    ],
    ['{requests: {cpu: -1}}', ['c: cpu request "-1" is negative | use 0 or more']],
    [
      '{limits: {memory: 512m}}',
      ['c: memory limit "512m" is in thousandths of a byte | use, for example, 512M or 512Mi'],
    ],
    ['{limits: {memory: 0.5}}', ['c: memory limit "0.5" is not a whole number of bytes | use whole bytes']],
    [
      '{limits: {hugepages-2Mi: 1500m}}',
      ['c: hugepages-2Mi limit "1500m" is in thousandths of a byte | use, for example, 1500M or 1500Mi'],
    ],
    ['{limits: {memory: 512000m, cpu: 512m}}', []],
    [
      '{requests: {cpu: 2, memory: 1Gi}, limits: {cpu: 1999m, memory: 1Gi}}',
      ['c: cpu request "2" exceeds the limit "1999m" | lower the request, or raise the limit'],
    ],
    ['{requests: {cpu: "1"}, limits: {cpu: 1000m}}', []],
    // Rounded up to thousandths, as in a cluster.
    ['{requests: {cpu: 0.9m}, limits: {cpu: 0.2m}}', []],
    ['{requests: {"a\\nb": -1}}', ['c: "a\\u000ab" request "-1" is negative | use 0 or more']],
  ])('of %s', (resources, sentences) => {
    expect(findingsFor(one(resources))).toEqual(sentences);
  });

  test('that are invalid are reported once, not also as missing', () => {
    expect(
      findingsFor(
        one('{limits: {memory: 1GB}}'),
        '{requests: [memory], limits: [memory], max: {memory: 1Gi}, maxRatio: {memory: 1}}',
      ),
    ).toEqual([
      'c: memory limit "1GB" is not a valid quantity: quantities do not end in "B" | use a quantity such as 100m, 0.5, 128Mi, or 2Gi',
    ]);
  });

  test('of the whole Pod are also checked', () => {
    const spec = '{resources: {requests: {cpu: 1}, limits: {cpu: 3, memory: 1m}}, containers: [{name: c, image: i}]}';
    expect(findingsFor(spec, '{maxRatio: {cpu: 2}, max: {cpu: 2}}')).toEqual([
      '-: the Pod\'s memory limit "1m" is in thousandths of a byte | use, for example, 1M or 1Mi',
      '-: the Pod\'s cpu limit "3" is more than 2 times the request "1" | raise the request, or lower the limit',
    ]);
  });

  test('can have names of JavaScript properties', () => {
    const spec = one('{requests: {a.io/constructor: 1, __proto__: 1, toString: x}}');
    expect(findingsFor(spec, '{requests: [a.io/constructor, a.io/valueOf]}')).toEqual([
      'c: toString request "x" is not a valid quantity: expected a number with an optional suffix such as m, k, M, Mi, or Gi | use a quantity such as 100m, 0.5, 128Mi, or 2Gi',
      'c: the container has no a.io/valueOf request | add a.io/valueOf: 1 to resources.requests',
    ]);
  });
});

describe('bounds', () => {
  const RATIO = 'raise the request, or lower the limit';

  test.each<[string, string, readonly string[]]>([
    ['{maxRatio: {cpu: 2}}', '{requests: {cpu: 100m}, limits: {cpu: 200m}}', []],
    [
      '{maxRatio: {cpu: 2}}',
      '{requests: {cpu: 100m}, limits: {cpu: 0.201}}',
      [`c: cpu limit "0.201" is more than 2 times the request "100m" | ${RATIO}`],
    ],
    ['{maxRatio: {memory: 1.5}}', '{requests: {memory: 2Gi}, limits: {memory: 3Gi}}', []],
    [
      '{maxRatio: {memory: 1.5}}',
      '{requests: {memory: 2Gi}, limits: {memory: 3221225473}}',
      [`c: memory limit "3221225473" is more than 1.5 times the request "2Gi" | ${RATIO}`],
    ],
    // 0.1 * 3 is not 0.3 in floating point.
    ['{maxRatio: {cpu: 3}}', '{requests: {cpu: 0.1}, limits: {cpu: 0.3}}', []],
    ['{maxRatio: {cpu: 2}}', '{limits: {cpu: 4}}', []],
    ['{maxRatio: {cpu: 2}}', '{requests: {cpu: 4}}', []],
    [
      '{maxRatio: {cpu: 2}}',
      '{requests: {cpu: 0}, limits: {cpu: 1}}',
      [`c: cpu limit "1" is more than 2 times the request "0" | ${RATIO}`],
    ],
    ['{max: {memory: 4Gi}}', '{limits: {memory: 4096Mi}}', []],
    [
      '{max: {memory: 4Gi}}',
      '{requests: {memory: 1Gi}, limits: {memory: 5Gi}}',
      ['c: memory limit "5Gi" is more than the maximum "4Gi" | use at most 4Gi'],
    ],
    [
      '{max: {memory: 4Gi}}',
      '{requests: {memory: 5Gi}}',
      ['c: memory request "5Gi" is more than the maximum "4Gi" | use at most 4Gi'],
    ],
    [
      '{max: {cpu: 2}}',
      '{limits: {cpu: 2001m}}',
      ['c: cpu limit "2001m" is more than the maximum "2" | use at most 2'],
    ],
    [
      '{min: {cpu: 10m}}',
      '{requests: {cpu: 9m}}',
      ['c: cpu request "9m" is less than the minimum "10m" | use at least 10m'],
    ],
    [
      '{min: {cpu: 10m}}',
      '{limits: {cpu: 9m}}',
      ['c: cpu limit "9m" is less than the minimum "10m" | use at least 10m'],
    ],
    ['{min: {cpu: 10m}}', '{requests: {cpu: 0.01}}', []],
    ['{min: {cpu: 10m}, max: {cpu: 1}}', '{}', []],
  ])('%s of %s', (parameters, resources, sentences) => {
    expect(findingsFor(one(resources), parameters)).toEqual(sentences);
  });
});

test('ratios are compared exactly', () => {
  const amount = fc.integer({ min: 1, max: 10 ** 12 });
  const ratio = fc.integer({ min: 1000, max: 100_000 });
  fc.assert(
    fc.property(amount, ratio, fc.integer({ min: -1, max: 1 }), (request, thousandths, beside) => {
      const limit = (BigInt(request) * BigInt(thousandths)) / 1000n + BigInt(beside);
      fc.pre(limit >= BigInt(request));
      const within = limit * 1000n <= BigInt(request) * BigInt(thousandths);
      const found = findingsFor(
        one(`{requests: {cpu: ${request}m}, limits: {cpu: ${limit}m}}`),
        `{maxRatio: {cpu: ${thousandths / 1000}}}`,
      );
      expect(found).toHaveLength(within ? 0 : 1);
    }),
  );
});

test('many amounts are checked in little time', () => {
  const names = Array.from({ length: 50_000 }, (_, index) => `example.com/r${index}`);
  const list = (limit: number): object =>
    Object.fromEntries(names.map((name, index) => [name, index < limit ? '1' : '2']));
  const resources = { requests: list(0), limits: list(MAX_FINDINGS) };
  const spec = JSON.stringify({ containers: [{ name: 'c', image: 'i', resources }] });
  expect(findingsFor(spec, '{requests: [example.com/r49999]}')).toHaveLength(MAX_FINDINGS);
});

describe('parameters', () => {
  const AT = '/spec/rules/0/parameters';
  test.each<[string, string]>([
    ['{max: {memory: 4 GB}}', `${AT}/max/memory: "4 GB" is not an amount: quantities do not end in "B"`],
    ['{min: {a/b: 0}}', `${AT}/min/a~1b: "0" is not an amount: it must be greater than 0`],
    ['{max: {memory: [1]}}', `${AT}/max/memory: expected a string or a number, found a list`],
    ['{maxRatio: {cpu: 0.5}}', `${AT}/maxRatio/cpu: invalid value 0.5: expected a number of at least 1`],
    ['{maxRatio: {cpu: "2"}}', `${AT}/maxRatio/cpu: expected a number of at least 1, found a string`],
    ['{requests: []}', `${AT}/requests: must not be empty`],
    [
      '{requests: ["c pu"]}',
      `${AT}/requests/0: "c pu" is not a container resource; did you mean "cpu"? (expected cpu, memory, ephemeral-storage, a huge page size such as hugepages-2Mi, or a name with a domain such as nvidia.com/gpu)`,
    ],
    ['{limits: [cpu, memory], noLimits: [memory]}', `${AT}/noLimits/0: "memory" is also in "limits"`],
  ])('%s', (parameters, fault) => {
    const result = read(`{rules: [{rule: container-resources, parameters: ${parameters}}]}`);
    expect(result.ok ? [] : result.faults.map(({ pointer, problem }) => `${pointer}: ${problem}`)).toEqual([fault]);
  });
});

describe('names that are not container resources', () => {
  const ACCEPTED =
    '(expected cpu, memory, ephemeral-storage, a huge page size such as hugepages-2Mi, or a name with a domain such as nvidia.com/gpu)';
  const faults = (parameters: string): readonly string[] => {
    const result = read(`{rules: [{rule: container-resources, parameters: ${parameters}}]}`);
    return result.ok
      ? []
      : result.faults.map(({ pointer, problem }) => `${pointer.slice('/spec/rules/0/parameters'.length)}: ${problem}`);
  };

  test.each<[string, string]>([
    ['{noLimits: [CPU]}', `/noLimits/0: "CPU" is not a container resource; did you mean "cpu"? ${ACCEPTED}`],
    ['{max: {Memory: 4Gi}}', `/max/Memory: "Memory" is not a container resource; did you mean "memory"? ${ACCEPTED}`],
    [
      '{limits: [cpu, "memory "]}',
      `/limits/1: "memory " is not a container resource; did you mean "memory"? ${ACCEPTED}`,
    ],
    ['{maxRatio: {gpu: 1}}', `/maxRatio/gpu: "gpu" is not a container resource; did you mean "cpu"? ${ACCEPTED}`],
    ['{min: {storage: 1Gi}}', `/min/storage: "storage" is not a container resource ${ACCEPTED}`],
    ['{requests: ["nvidia.com/gpu*"]}', `/requests/0: "nvidia.com/gpu*" is not a container resource ${ACCEPTED}`],
    ['{requests: ["NVIDIA.com/gpu"]}', `/requests/0: "NVIDIA.com/gpu" is not a container resource ${ACCEPTED}`],
  ])('%s', (parameters, fault) => {
    expect(faults(parameters)).toEqual([fault]);
  });

  test('names with a domain and huge pages are accepted', () => {
    expect(
      faults('{requests: [cpu, memory, ephemeral-storage, hugepages-2Mi, nvidia.com/gpu, example.com/Fpga_1.x]}'),
    ).toEqual([]);
  });
});
