/** Clashing ports of a Pod, which `explain pod` and the rule container-ports both report. */
import { describe, expect, test } from 'vitest';
import { summarizeWorkload } from '../../src/admission/pod-summary.ts';
import type { Pod } from '../../src/pod/containers.ts';
import { type PortClash, portClashes } from '../../src/pod/ports.ts';
import type { Workload } from '../../src/pod/workload.ts';
import { findingsOf, pod, policyOf, requestFor } from '../policy/fixtures.ts';

/** `b[0] node a[1]`: the first port of b clashes with the second port of a. */
type Line = `${string} ${PortClash['kind']} ${string}`;

const C = '{containerPort: 80}';
const UDP = '{containerPort: 80, protocol: UDP}';
const host = (containerPort: number, hostPort: number, more = ''): string =>
  `{containerPort: ${containerPort}, hostPort: ${hostPort}${more}}`;
const on = (ip: string, port = 1): string => host(port, 8080, `, hostIP: "${ip}"`);
const container = (name: string, ports: readonly string[], more = ''): string =>
  `{name: ${name}, image: i, ports: [${ports.join(', ')}]${more}}`;
const sidecar = (name: string, ...ports: readonly string[]): string =>
  container(name, ports, ', restartPolicy: Always');
const c = (name: string, ...ports: readonly string[]): string => container(name, ports);

interface Lists {
  readonly init?: readonly string[];
  readonly ephemeral?: readonly string[];
  readonly hostNetwork?: boolean;
}

const spec = (containers: readonly string[], { init = [], ephemeral = [], hostNetwork = false }: Lists = {}): string =>
  `{hostNetwork: ${hostNetwork}, initContainers: [${init.join(', ')}], containers: [${containers.join(', ')}], ephemeralContainers: [${ephemeral.join(', ')}]}`;

const CASES: readonly (readonly [what: string, spec: string, clashes: readonly Line[]])[] = [
  ['one port in one container', spec([c('a', C)]), []],
  ['TCP and UDP in one container', spec([c('a', C, UDP)]), []],
  ['TCP and UDP in two containers', spec([c('a', C), c('b', UDP)]), []],
  ['SCTP in two containers', spec([c('a', C.replace('}', ', protocol: SCTP}')), c('b', C)]), []],
  ['one port in two containers', spec([c('a', C), c('b', C)]), ['b[0] pod a[0]']],
  ['one port in three containers', spec([c('a', C), c('b', C), c('d', C)]), ['b[0] pod a[0]', 'd[0] pod a[0]']],
  ['UDP in two containers', spec([c('a', C, UDP), c('b', UDP)]), ['b[0] pod a[1]']],
  ['one port twice in a container', spec([c('a', C, C)]), ['a[1] repeated a[0]']],
  ['one port twice in an init container', spec([], { init: [c('i', C, C)] }), ['i[1] repeated i[0]']],
  ['two init containers', spec([], { init: [c('i', C), c('j', C)] }), []],
  ['an init container and a container', spec([c('a', C)], { init: [c('i', C)] }), []],
  ['an init container and a later sidecar', spec([], { init: [c('i', C), sidecar('s', C)] }), []],
  ['an init container and an earlier sidecar', spec([], { init: [sidecar('s', C), c('i', C)] }), ['i[0] sidecar s[0]']],
  ['a sidecar and a container', spec([c('a', C)], { init: [sidecar('s', C)] }), ['a[0] pod s[0]']],
  ['two sidecars', spec([], { init: [sidecar('s', C), sidecar('t', C)] }), ['t[0] pod s[0]']],
  ['an ephemeral container', spec([c('a', C)], { ephemeral: [c('e', C)] }), ['e[0] pod a[0]']],
  ['one host port for two ports', spec([c('a', host(1, 8080), host(2, 8080))]), ['a[1] node a[0]']],
  ['one host port of two containers', spec([c('a', host(1, 8080)), c('b', host(2, 8080))]), ['b[0] node a[0]']],
  ['one host port with TCP and UDP', spec([c('a', host(1, 80)), c('b', host(2, 80, ', protocol: UDP'))]), []],
  ['two host ports for one port', spec([c('a', host(80, 1), host(80, 2))]), []],
  ['a host port, and the same port without', spec([c('a', host(80, 1), C)]), ['a[1] repeated a[0]']],
  [
    'two host ports for one port of two containers',
    spec([c('a', host(80, 1)), c('b', host(80, 2))]),
    ['b[0] pod a[0]'],
  ],
  ['host ports on two addresses', spec([c('a', on('10.0.0.1', 1), on('10.0.0.2', 2))]), []],
  ['one port on two addresses', spec([c('a', on('10.0.0.1'), on('10.0.0.2'))]), []],
  ['host ports on one address', spec([c('a', on('10.0.0.1', 1), on('10.0.0.1', 2))]), ['a[1] node a[0]']],
  ['0.0.0.0 and one address', spec([c('a', on('0.0.0.0', 1), on('10.0.0.1', 2))]), ['a[1] node a[0]']],
  ['one address and 0.0.0.0', spec([c('a', on('10.0.0.1', 1), on('0.0.0.0', 2))]), ['a[1] node a[0]']],
  ['no address and 0.0.0.0', spec([c('a', host(1, 8080), on('0.0.0.0', 2))]), ['a[1] node a[0]']],
  ['"::" and one address', spec([c('a', on('::', 1), on('10.0.0.1', 2))]), []],
  ['one address and "::"', spec([c('a', on('fd00::1', 1), on('::', 2))]), []],
  ['"::" in two containers', spec([c('a', on('::', 1)), c('b', on('::', 2))]), ['b[0] node a[0]']],
  ['"::" and 0.0.0.0', spec([c('a', on('::', 1), on('0.0.0.0', 2))]), ['a[1] node a[0]']],
  ['no address and "::"', spec([c('a', host(1, 8080), on('::', 2))]), ['a[1] node a[0]']],
  // Only containers that keep running get host ports from the kubelet.
  [
    'host ports of a sidecar and an init container',
    spec([], { init: [sidecar('s', host(1, 80)), c('i', host(2, 80))] }),
    [],
  ],
  [
    'host ports of a sidecar and a container',
    spec([c('a', host(2, 80))], { init: [sidecar('s', host(1, 80))] }),
    ['a[0] node s[0]'],
  ],
  ['hostNetwork, two ports', spec([c('a', C), c('b', '{containerPort: 81}')], { hostNetwork: true }), []],
  ['hostNetwork, one port in two containers', spec([c('a', C), c('b', C)], { hostNetwork: true }), ['b[0] pod a[0]']],
  // Defaulting makes both the same host port, which the API server rejects.
  ['hostNetwork, one port twice', spec([c('a', C, C)], { hostNetwork: true }), ['a[1] node a[0]']],
  ['hostNetwork, TCP and UDP', spec([c('a', C, UDP)], { hostNetwork: true }), []],
  ['hostNetwork, an init container and a container', spec([c('a', C)], { init: [c('i', C)], hostNetwork: true }), []],
];

describe.each(CASES)('%s', (_what, yaml, expected) => {
  const workload = pod(yaml);
  const clashes = workload.pods.flatMap(portClashes);

  test('clash as they do in Kubernetes', () => {
    const lines = clashes.map(({ kind, claim, earlier }) => `${claimText(claim)} ${kind} ${claimText(earlier)}`);
    expect(lines).toEqual(expected);
  });

  test('are reported by container-ports', () => {
    const findings = findingsOf([policyOf('{rules: [{rule: container-ports}]}')], requestFor(workload));
    expect(findings.map(({ pointer }) => pointer)).toEqual(clashes.map(({ claim }) => claim.port.pointer));
    const warned = clashes.map(({ kind }) => (kind === 'repeated' ? 'warn' : 'deny'));
    expect(findings.map(({ action }) => action)).toEqual(warned);
  });

  test('are listed by explain pod', () => {
    const marked = clashes.flatMap(({ claim, earlier }) => [claim.port, earlier.port]);
    expect(marksOf(workload)).toEqual(portsOf(workload.pods).map((port) => marked.includes(port)));
  });
});

function claimText({ container: { name, ports }, port }: PortClash['claim']): string {
  return `${name}[${ports.indexOf(port)}]`;
}

function portsOf(pods: readonly Pod[]): readonly Pod['containers'][number]['ports'][number][] {
  return pods.flatMap(({ containers }) => containers.flatMap(({ ports }) => ports));
}

function marksOf(workload: Workload): readonly boolean[] {
  const { pods } = summarizeWorkload({ workload, namespace: undefined, pullSecrets: new Map() });
  return pods.flatMap(({ ports }) => ports.map(({ clash }) => clash));
}
