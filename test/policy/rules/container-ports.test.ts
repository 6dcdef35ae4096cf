/** The containers of a Pod share network ports; all Pods on a node share host ports. */
import { describe, expect, test } from 'vitest';
import type { Container, Pod, Port } from '../../../src/pod/containers.ts';
import type { Workload } from '../../../src/pod/workload.ts';
import { containerPorts } from '../../../src/policy/rules/container-ports.ts';
import { findingsOf, pod, policyOf, requestFor, findingTexts, workload } from '../fixtures.ts';
import { NO_FACTS } from '../../../src/policy/fact.ts';

const clashes = (spec: string, parameters = '{}'): readonly string[] =>
  findingTexts(
    findingsOf([policyOf(`{rules: [{rule: container-ports, parameters: ${parameters}}]}`)], requestFor(pod(spec))),
  );

const OWN = 'use another port; all containers in a Pod share one IP address';
const UNUSED = 'remove one of them, unless both names are used';
const NODE = 'use another host port; a node can bind each port only once';

describe('ports of a Pod', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'of two containers',
      '{containers: [{name: a, image: i, ports: [{containerPort: 80}]}, {name: b, image: i, ports: [{containerPort: 80}]}]}',
      [`b: port 80/TCP is already used by container "a" | ${OWN}`],
    ],
    [
      'of three containers are two clashes',
      '{containers: [{name: a, image: i, ports: [{containerPort: 80}]}, {name: b, image: i, ports: [{containerPort: 80}]}, {name: c, image: i, ports: [{containerPort: 80}]}]}',
      [
        `b: port 80/TCP is already used by container "a" | ${OWN}`,
        `c: port 80/TCP is already used by container "a" | ${OWN}`,
      ],
    ],
    [
      'twice in one',
      '{containers: [{name: a, image: i, ports: [{containerPort: 80}, {containerPort: 80, name: again}]}]}',
      [`a: port 80/TCP is declared twice | ${UNUSED}`],
    ],
    [
      'of another protocol',
      '{containers: [{name: a, image: i, ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}]}]}',
      [],
    ],
    [
      'TCP, written or not',
      '{containers: [{name: a, image: i, ports: [{containerPort: 80}, {containerPort: 80, protocol: TCP}]}]}',
      [`a: port 80/TCP is declared twice | ${UNUSED}`],
    ],
    [
      'of a sidecar',
      '{initContainers: [{name: s, image: i, restartPolicy: Always, ports: [{containerPort: 80}]}], containers: [{name: a, image: i, ports: [{containerPort: 80}]}]}',
      [`a: port 80/TCP is already used by sidecar container "s" | ${OWN}`],
    ],
    [
      'of an init container that is over by then',
      '{initContainers: [{name: x, image: i, ports: [{containerPort: 80}]}, {name: z, image: i, ports: [{containerPort: 80}]}], containers: [{name: a, image: i, ports: [{containerPort: 80}]}]}',
      [],
    ],
    [
      'of a sidecar and an init container after it',
      '{initContainers: [{name: x, image: i, ports: [{containerPort: 80}]}, {name: s, image: i, restartPolicy: Always, ports: [{containerPort: 80}]}, {name: z, image: i, ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}]}], containers: []}',
      [
        'z: port 80/TCP is already used by sidecar container "s", which is still running | use another port; a sidecar keeps running while later init containers run',
      ],
    ],
    [
      'twice in an init container',
      '{initContainers: [{name: x, image: i, ports: [{containerPort: 80}, {containerPort: 80}]}], containers: []}',
      [`x: port 80/TCP is declared twice | ${UNUSED}`],
    ],
    [
      'of a container without a name',
      '{containers: [{image: i, ports: [{containerPort: 80}]}, {name: b, image: i, ports: [{containerPort: 80}]}]}',
      [`b: port 80/TCP is already used by image at /spec/containers/0/image | ${OWN}`],
    ],
    [
      'of no protocol at all, quoted',
      '{containers: [{name: a, image: i, ports: [{containerPort: 80, protocol: "T\\nP"}, {containerPort: 80, protocol: "T\\nP"}]}]}',
      [
        `a: port 80/"T\\u000aP" is declared twice | ${UNUSED}`,
        ...Array.from({ length: 2 }, () => 'a: "T\\u000aP" is not a protocol of ports | use TCP, UDP, or SCTP'),
      ],
    ],
  ])('%s', (_what, spec, sentences) => {
    expect(clashes(spec)).toEqual(sentences);
  });

  test('of two Pods in one object do not clash', () => {
    const job = workload(`{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, metadata: {name: j}, spec: {tasks: [
      {template: {spec: {containers: [{name: a, image: i, ports: [{containerPort: 80}]}]}}},
      {template: {spec: {containers: [{name: b, image: i, ports: [{containerPort: 80}]}]}}}]}}`);
    expect(findingsOf([policyOf('{rules: [{rule: container-ports}]}')], requestFor(job))).toEqual([]);
  });

  test('are reported at the later port', () => {
    const object = pod(
      '{containers: [{name: a, image: i, ports: [{containerPort: 1}]}, {name: b, image: i, ports: [{containerPort: 2}, {containerPort: 1}]}]}',
    );
    const [finding] = findingsOf([policyOf('{rules: [{rule: container-ports}]}')], requestFor(object));
    expect(finding?.pointer).toBe('/spec/containers/1/ports/1');
  });
});

const RANGE = 'use a whole number from 1 to 65535';

describe('ports that the API server rejects', () => {
  const web = (port: string, more = ''): string =>
    `{${more}containers: [{name: web, image: i, ports: [{name: http, ${port}}]}]}`;

  test.each<[spec: string, findings: readonly string[]]>([
    [web('containerPort: 65535, hostPort: 1'), []],
    [web('containerPort: 99999'), [`web: 99999 is not a valid port | ${RANGE}`]],
    [web('containerPort: -1'), [`web: -1 is not a valid port | ${RANGE}`]],
    [web('containerPort: 80.5'), [`web: 80.5 is not a valid port | ${RANGE}`]],
    [web('containerPort: 0'), [`web: a port has no containerPort | set containerPort; ${RANGE}`]],
    [web('containerPort: 80, hostPort: 65536'), [`web: 65536 is not a valid host port | ${RANGE}`]],
    [web('containerPort: 80, hostPort: 0'), []],
    [web('containerPort: 80, protocol: tcp'), ['web: "tcp" is not a protocol of ports | use TCP, UDP, or SCTP']],
    [web('containerPort: 80, protocol: SCTP'), []],
    [web('containerPort: 99999', 'hostNetwork: true, '), [`web: 99999 is not a valid port | ${RANGE}`]],
    [web('containerPort: 80, hostPort: 80', 'hostNetwork: true, '), []],
    [
      web('containerPort: 80, hostPort: 81', 'hostNetwork: true, '),
      [
        'web: host port 81 is not container port 80, although the Pod uses hostNetwork | remove hostPort, or set it to the value of containerPort',
      ],
    ],
    [
      '{hostNetwork: true, initContainers: [{name: i, image: i, ports: [{containerPort: 80, hostPort: 81}]}], containers: [{name: web, image: i}]}',
      [],
    ],
  ])('%s', (spec, findings) => {
    expect(clashes(spec)).toEqual(findings);
  });
});

describe('a port that is claimed twice', () => {
  const http = '{name: http, containerPort: 8080}';
  const metrics = '{name: metrics, containerPort: 8080}';
  const one = (ports: string, more = ''): string => `{${more}containers: [{name: a, image: i, ports: [${ports}]}]}`;
  const init = (ports: string): string =>
    `{initContainers: [{name: m, image: i, ports: [${ports}]}], containers: [{name: a, image: i}]}`;
  const findingsFor = (spec: string, action: string): readonly string[] =>
    findingsOf([policyOf(`{rules: [{rule: container-ports, action: ${action}}]}`)], requestFor(pod(spec))).map(
      (finding) => finding.action,
    );

  test.each<[what: string, spec: string, action: 'deny' | 'warn' | 'audit', is: readonly string[]]>([
    ['by two names in one container', one(`${http}, ${metrics}`), 'deny', ['warn']],
    ['by two names, where the policy warns', one(`${http}, ${metrics}`), 'warn', ['warn']],
    ['by two names, where the policy audits', one(`${http}, ${metrics}`), 'audit', ['audit']],
    ['three times in one container', one(`${http}, ${metrics}, {containerPort: 8080}`), 'deny', ['warn', 'warn']],
    ['in one init container', init(`${http}, ${metrics}`), 'deny', ['warn']],
    ['with TCP and UDP', one(`${http}, {name: quic, containerPort: 8080, protocol: UDP}`), 'deny', []],
    ['twice with UDP', one('{containerPort: 53, protocol: UDP}, {containerPort: 53, protocol: UDP}'), 'deny', ['warn']],
    [
      'in one container on the network of the node',
      one(`${http}, ${metrics}`, 'hostNetwork: true, '),
      'deny',
      ['deny'],
    ],
    [
      'as a port of the node',
      one('{containerPort: 1, hostPort: 80}, {containerPort: 2, hostPort: 80}'),
      'deny',
      ['deny'],
    ],
    [
      'as one port of the node behind one port',
      one('{containerPort: 1, hostPort: 80}, {containerPort: 1, hostPort: 80}'),
      'deny',
      ['deny'],
    ],
    [
      'with and without a port of the node',
      one('{containerPort: 1, hostPort: 80}, {containerPort: 1}'),
      'deny',
      ['warn'],
    ],
    [
      'by two containers, one of them twice',
      `{containers: [{name: a, image: i, ports: [${http}, ${metrics}]}, {name: b, image: i, ports: [${http}]}]}`,
      'deny',
      ['warn', 'deny'],
    ],
    [
      'by a sidecar and a container',
      `{initContainers: [{name: s, image: i, restartPolicy: Always, ports: [${http}]}], containers: [{name: a, image: i, ports: [${metrics}]}]}`,
      'deny',
      ['deny'],
    ],
  ])('%s', (_what, spec, action, is) => {
    expect(findingsFor(spec, action)).toEqual(is);
  });
});

describe('ports of the node', () => {
  const two = (first: string, second: string): string =>
    `{containers: [{name: a, image: i, ports: [{containerPort: 1, ${first}}]}, {name: b, image: i, ports: [{containerPort: 2, ${second}}]}]}`;
  const taken = [`b: host port 80/TCP is already used by container "a" | ${NODE}`];

  test.each<[string, string, readonly string[]]>([
    ['hostPort: 80', 'hostPort: 80', taken],
    ['hostPort: 80', 'hostPort: 81', []],
    ['hostPort: 80', 'hostPort: 80, protocol: UDP', []],
    ['hostPort: 80, hostIP: 10.0.0.1', 'hostPort: 80, hostIP: 10.0.0.2', []],
    ['hostPort: 80, hostIP: 10.0.0.1', 'hostPort: 80, hostIP: 10.0.0.1', taken],
    ['hostPort: 80, hostIP: 10.0.0.1', 'hostPort: 80', taken],
    ['hostPort: 80', 'hostPort: 80, hostIP: 10.0.0.1', taken],
    ['hostPort: 80, hostIP: 0.0.0.0', 'hostPort: 80, hostIP: "::"', taken],
    ['hostPort: 80, hostIP: "::"', 'hostPort: 80, hostIP: 10.0.0.1', []],
    ['hostPort: 80', 'hostPort: 0', []],
  ])('%s and %s', (first, second, sentences) => {
    expect(clashes(two(first, second))).toEqual(sentences);
  });

  test.each<[string, readonly string[]]>([
    // Two host ports can map to one container port.
    ['{containerPort: 80, hostPort: 8080}, {containerPort: 80, hostPort: 8081}', []],
    [
      '{containerPort: 80, hostPort: 8080, hostIP: 10.0.0.1}, {containerPort: 80, hostPort: 8080, hostIP: 10.0.0.2}',
      [],
    ],
    [
      '{containerPort: 80, hostPort: 8080, hostIP: 10.0.0.1}, {containerPort: 80, hostPort: 8080}',
      [`a: host port 8080/TCP is declared twice | ${NODE}`],
    ],
    [
      '{containerPort: 80, hostPort: 8080}, {containerPort: 80, hostPort: 8080}',
      [`a: host port 8080/TCP is declared twice | ${NODE}`],
    ],
    ['{containerPort: 80, hostPort: 8080}, {containerPort: 80}', [`a: port 80/TCP is declared twice | ${UNUSED}`]],
    [
      '{containerPort: 80, hostPort: 1}, {containerPort: 80, hostPort: 2}, {containerPort: 81, hostPort: 2}',
      [`a: host port 2/TCP is declared twice | ${NODE}`],
    ],
  ])('of one container: %s', (ports, sentences) => {
    expect(clashes(`{containers: [{name: a, image: i, ports: [${ports}]}]}`)).toEqual(sentences);
  });

  test('of two containers with the same container port are reported as a clash of the container port', () => {
    const spec =
      '{containers: [{name: a, image: i, ports: [{containerPort: 80, hostPort: 1}]}, {name: b, image: i, ports: [{containerPort: 80, hostPort: 2}]}]}';
    expect(clashes(spec)).toEqual([`b: port 80/TCP is already used by container "a" | ${OWN}`]);
  });

  test('are those of the container on the host’s network', () => {
    const spec = (network: string): string =>
      `{hostNetwork: ${network}, containers: [{name: a, image: i, ports: [{containerPort: 80}, {containerPort: 443}]}]}`;
    const remedy = 'remove hostPort and hostNetwork, and use a Service';
    expect(clashes(spec('true'), '{hostPort: false}')).toEqual([
      `a: host port 80/TCP is not allowed | ${remedy}`,
      `a: host port 443/TCP is not allowed | ${remedy}`,
    ]);
    expect(clashes(spec('false'), '{hostPort: false}')).toEqual([]);
    expect(clashes(spec('true'))).toEqual([]);
  });
});

test('names are required only by the policy', () => {
  const spec =
    '{containers: [{name: a, image: i, ports: [{containerPort: 80}, {containerPort: 443, name: https}, {containerPort: 53, protocol: UDP, name: ""}]}]}';
  expect(clashes(spec)).toEqual([]);
  expect(clashes(spec, '{namesRequired: true}')).toEqual([
    'a: port 80/TCP has no name | add a name, for example name: "http"',
    'a: port 53/UDP has no name | add a name, for example name: "http"',
  ]);
});

describe('names of ports', () => {
  const FORM = 'use at most 15 lowercase letters, digits, and single inner hyphens, with at least one letter';
  const ONCE = 'use each name once in a container, whatever the protocol';
  const named = (...names: readonly string[]): string =>
    `{containers: [{name: a, image: i, ports: [${names.map((name, index) => `{containerPort: ${index + 1}, name: ${JSON.stringify(name)}}`).join(', ')}]}]}`;

  test.each(['http', 'a', '8080-tcp', 'x'.repeat(15), 'a-b-c', '0a'])('%s is valid', (name) => {
    expect(clashes(named(name))).toEqual([]);
    expect(clashes(named('other', name))).toEqual([]);
  });

  test.each(['HTTP', 'a_b', 'a.b', '8080', '-a', 'a-', 'a--b', 'x'.repeat(16), 'é', 'a/b', ' a'])(
    '%s is none',
    (name) => {
      expect(clashes(named(name))).toEqual([`a: ${JSON.stringify(name)} is not a valid port name | ${FORM}`]);
    },
  );

  test('are shortened to one line', () => {
    expect(clashes(named('a\n', 'x'.repeat(100_000)))).toEqual([
      `a: "a\\u000a" is not a valid port name | ${FORM}`,
      `a: "${'x'.repeat(60)}…" is not a valid port name | ${FORM}`,
    ]);
  });

  test('are unique in a container', () => {
    expect(clashes(named('http', 'http', 'http'))).toEqual([
      `a: port name "http" is declared twice | ${ONCE}`,
      `a: port name "http" is declared twice | ${ONCE}`,
    ]);
    expect(clashes(named('Http', 'Http'))).toHaveLength(2);
  });

  const pair =
    '{initContainers: [{name: m, image: i, ports: [{name: http, containerPort: 80}]}, {name: s, image: i, restartPolicy: Always, ports: [{name: http, containerPort: 81}]}], containers: [{name: a, image: i, ports: [{name: http, containerPort: 82}, {name: dns, containerPort: 53, protocol: UDP}]}, {name: b, image: i, ports: [{name: http, containerPort: 83}, {name: dns, containerPort: 54}]}]}';

  test('can repeat in another container unless the policy requires unique names', () => {
    const remedy = 'use unique names; a Service that refers to this name reaches only that port';
    expect(clashes(pair)).toEqual([]);
    expect(clashes(pair, '{namesUnique: true}')).toEqual([
      `b: port name "http" is already used by container "a" | ${remedy}`,
      `s: port name "http" is already used by container "a" | ${remedy}`,
    ]);
  });
});

describe('any number of ports', () => {
  const port = (containerPort: number, hostPort?: number): Port => ({
    pointer: '/p',
    name: undefined,
    containerPort,
    protocol: 'TCP',
    hostPort,
    hostIP: '0.0.0.0',
  });
  const container = (name: string, ports: readonly Port[]): Container => ({
    kind: 'regular',
    name,
    pointer: `/${name}`,
    imagePointer: `/${name}/image`,
    image: { state: 'pending', text: '', reason: '' },
    pullPolicy: undefined,
    pullPolicyPointer: `/${name}/imagePullPolicy`,
    ports,
    fields: {},
  });

  function problemsOf(containers: readonly Container[]): number {
    const bound = containerPorts.bind({});
    if (!bound.ok) throw new Error('no check');
    const one: Pod = {
      pointer: '/spec',
      spec: {},
      hostNetwork: false,
      serviceAccountName: 'default',
      pullSecretNames: [],
      containers,
    };
    const type = { group: '', version: 'v1', kind: 'Pod' };
    const object = {};
    const of: Workload = {
      object,
      type,
      name: 'p',
      clusterScoped: false,
      pods: [one],
      containers,
      publishedPorts: [],
    };
    const facts = { namespaceLabels: { state: 'no' }, ...NO_FACTS } as const;
    const request = { name: 'p', subResource: '', user: undefined, oldObject: undefined, dryRun: false };
    const problems = bound.value.run({
      operation: 'CREATE',
      namespace: 'n',
      workload: of,
      pods: [one],
      containers,
      request,
      facts,
    });
    // Most of these numbers are beyond 65535.
    return problems.filter(({ message }) => !/ is not a valid |has no containerPort/.test(message)).length;
  }

  const N = 200_000;
  const each = (of: (index: number) => Port): readonly Port[] => Array.from({ length: N }, (_, index) => of(index));

  // Quadratic work would be 40 billion comparisons.
  test.each<[string, readonly Container[], number]>([
    [
      'all the same',
      [
        container(
          'a',
          each(() => port(80, 80)),
        ),
      ],
      N - 1,
    ],
    [
      'all different',
      [
        container(
          'a',
          each((index) => port(index, index + 1)),
        ),
      ],
      0,
    ],
    [
      'one for each container',
      Array.from({ length: N }, (_, index) => container(`c${index}`, [port(80, index + 1)])),
      N - 1,
    ],
    [
      'all of one container port',
      [
        container(
          'a',
          each((index) => port(80, index + 1)),
        ),
      ],
      0,
    ],
  ])('%s, takes little time', { timeout: 20_000 }, (_what, containers, problems) => {
    expect(problemsOf(containers)).toBe(problems);
  });
});
