import { quoteValue } from '../../image/quote.ts';
import type { Container, Pod } from '../../pod/containers.ts';
import { isObject, type JsonObject, jsonType, ShapeError } from '../../pod/pointer.ts';
import { readString } from '../../pod/read.ts';
import { defineRule, type Problem } from '../rule.ts';
import {
  either,
  has,
  checkContainers,
  NO_PROBLEMS,
  type Probe,
  PROBE_FIELDS,
  probeOf,
  PROBES,
  violation,
} from './containers.ts';

interface Parameters {
  readonly require?: readonly Probe[];
  readonly mode?: 'all' | 'any';
  readonly jobs?: boolean;
}

/** Plain init and ephemeral containers cannot have probes. */
const PROBED = new Set(['regular', 'sidecar'] as const);
const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];

export const containerProbes = defineRule({
  name: 'container-probes',
  description: 'Containers have the required probes, and each probe has one handler and a declared port',
  docs: {
    why: "Without a readiness probe, a Pod receives requests before it is ready. Without a liveness probe, the kubelet doesn't restart a container that hangs. A probe with an undeclared port name never succeeds.",
    remedy:
      'Add the probe. Pods that run to completion (restartPolicy OnFailure or Never, as in a Job) need probes only if "jobs" is true.',
    example: {
      parameters: { require: ['readiness'] },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27
      ports: [{name: http, containerPort: 8080}]
      readinessProbe: {httpGet: {path: /ready, port: http}}
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27
      ports: [{name: http, containerPort: 8080}]
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: {
      require: {
        type: 'array',
        minItems: 1,
        items: { enum: PROBES },
        description: 'Probes that regular and sidecar containers must have: readiness, liveness, startup',
      },
      mode: {
        enum: ['all', 'any'],
        default: 'all',
        description: 'Whether all of them are required, or any one of them',
      },
      jobs: {
        type: 'boolean',
        default: false,
        description: 'If true, Pods that run to completion (restartPolicy OnFailure or Never) must also have them',
      },
    },
  },
  needs: [],
  prepare: ({ require = [], mode = 'all', jobs = false }: Parameters) => ({
    ok: true,
    value: { require: [...new Set(require)], mode, jobs },
  }),
  check: (subject, required) =>
    checkContainers(subject, PROBED, (container, pod) => {
      const missing =
        required.require.length > 0 && (required.jobs || runsContinuously(pod))
          ? missingProbes(container, required)
          : NO_PROBLEMS;
      const odd = unsoundProbes(container);
      return odd.length === 0 ? missing : [...missing, ...odd];
    }),
});

/** A Job receives no traffic, and its controller waits for completion, so its Pods need no probes by default. */
function runsContinuously(pod: Pod): boolean {
  const policy = readString(pod.spec, 'restartPolicy', pod.pointer);
  return policy !== 'Never' && policy !== 'OnFailure';
}

function missingProbes(
  container: Container,
  { require, mode }: Required<Omit<Parameters, 'jobs'>>,
): readonly Problem[] {
  let missing: Probe[] | undefined;
  for (const probe of require) if (probeOf(container, probe) === undefined) (missing ??= []).push(probe);
  if (missing === undefined || (mode === 'any' && missing.length < require.length)) return NO_PROBLEMS;
  if (mode === 'any') {
    return [
      violation(container, '', {
        message: `the container has no ${either(require)} probe`,
        remedy: `add ${either(require.map((probe) => PROBE_FIELDS[probe]))}`,
      }),
    ];
  }
  return missing.map((probe) =>
    violation(container, PROBE_FIELDS[probe], {
      message: `the container has no ${probe} probe`,
      remedy: `add ${PROBE_FIELDS[probe]}, with ${either(HANDLERS)}`,
    }),
  );
}

function unsoundProbes(container: Container): readonly Problem[] {
  let problems: Problem[] | undefined;
  for (const probe of PROBES) {
    const fields = probeOf(container, probe);
    const problem = fields === undefined ? undefined : unsound(container, probe, fields);
    if (problem !== undefined) (problems ??= []).push(problem);
  }
  return problems ?? NO_PROBLEMS;
}

function unsound(container: Container, probe: Probe, fields: JsonObject): Problem | undefined {
  const [handler, second] = HANDLERS.filter((name) => has(fields, name));
  if (handler === undefined || second !== undefined) {
    return violation(container, PROBE_FIELDS[probe], {
      message: `the ${probe} probe has ${handler === undefined ? 'no handler' : `${handler} and ${second}`}`,
      remedy: `set exactly one of ${HANDLERS.join(', ')}`,
    });
  }
  const action = fields[handler];
  if (!isObject(action)) {
    throw new ShapeError(`${container.pointer}/${PROBE_FIELDS[probe]}/${handler}`, 'an object', jsonType(action));
  }
  const { port } = action;
  // The kubelet looks up the name in this container only (kubernetes pkg/probe/util.go, ResolveContainerPort).
  if (typeof port !== 'string' || container.ports.some(({ name }) => name === port)) return undefined;
  return violation(container, `${PROBE_FIELDS[probe]}/${handler}/port`, {
    message: `the ${probe} probe uses port ${quoteValue(port)}, which the container does not declare`,
    remedy: portNames(container),
  });
}

function portNames({ ports }: Container): string {
  const names = ports.flatMap(({ name }) => (name === undefined ? [] : [quoteValue(name, 15)])).slice(0, 8);
  return names.length === 0 ? 'use the port number' : `use one of ${names.join(', ')}, or a port number`;
}
