import { CUT, quoteValue } from '../../image/quote.ts';
import { containerLabel } from '../../pod/containers.ts';
import { isObject, type JsonObject, valueAt } from '../../pod/pointer.ts';
import { type PublishedClash, publishedClashes, type PublishedPort } from '../../pod/published-ports.ts';
import { type PortClaim, type PortClash, portClashes, type PortClashKind } from '../../pod/ports.ts';
import { defineRule, type Problem } from '../rule.ts';
import { inScope } from './containers.ts';
import { badNames, sharedNames } from './port-names.ts';
import { addBadNumbers } from './port-numbers.ts';

interface Parameters {
  readonly hostPort?: boolean;
  readonly namesRequired?: boolean;
  readonly namesUnique?: boolean;
}

/** The containers of a Pod share one IP address and its network ports; all Pods on a node share its host ports. */
export const containerPorts = defineRule({
  name: 'container-ports',
  description: 'Containers in a Pod use distinct ports and port names; host ports and names follow the policy',
  docs: {
    why: 'Containers in a Pod share one IP address and its ports: the second container that binds a port fails at startup, long after the API server accepted the Pod. A container that lists a port twice works, so the rule only warns about it. The API server itself rejects invalid port numbers, protocols, and names, and duplicate names within a container.',
    remedy: 'Give each container its own port, and reach a Pod through a Service instead of a host port.',
    example: {
      parameters: { hostPort: false },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27
      ports: [{name: http, containerPort: 8080}]
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27
      ports: [{name: http, containerPort: 8080, hostPort: 80}]
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: {
      hostPort: {
        type: 'boolean',
        default: true,
        description:
          'If false, host ports are violations, as far as containers list them; with hostNetwork, they can listen on any port. In a Compose file, these are the ports that services publish',
      },
      namesRequired: { type: 'boolean', default: false, description: 'If true, every port must have a name' },
      namesUnique: {
        type: 'boolean',
        default: false,
        description: 'If true, port names must be unique in the Pod for each protocol; a Service finds only the first',
      },
    },
  },
  needs: [],
  composeFiles: true,
  seen: ({ pointer, message }, { object }) => (message.includes(CUT) ? undefined : mappingAt(object, pointer)),
  prepare: ({ hostPort = true, namesRequired = false, namesUnique = false }: Parameters) => ({
    ok: true,
    value: { hostPort, namesRequired, namesUnique },
  }),
  check(subject, parameters) {
    const problems: Problem[] = [];
    for (const pod of subject.pods) {
      for (const clash of portClashes(pod)) problems.push(clashProblem(clash));
      for (const container of pod.containers)
        for (const port of container.ports) single({ container, port }, parameters, problems);
      for (const problem of badNames(pod)) problems.push(problem);
      addBadNumbers(pod, problems);
      if (parameters.namesUnique) for (const problem of sharedNames(pod)) problems.push(problem);
    }
    addPublished(subject.workload.publishedPorts, parameters, problems);
    if (problems.length === 0) return problems;
    const isInScope = inScope(subject);
    return problems.filter(({ container }) => container === undefined || isInScope(container));
  },
});

/** Compared on UPDATE: a message names one port, but a change of the others can expose more of the container. */
function mappingAt(object: JsonObject, pointer: string): readonly unknown[] | undefined {
  const port = valueAt(object, pointer);
  return isObject(port) ? [port['containerPort'], port['hostPort'], port['hostIP']] : undefined;
}

const REMEDIES: Readonly<Record<PortClashKind, string>> = {
  pod: 'use another port; all containers in a Pod share one IP address',
  sidecar: 'use another port; a sidecar keeps running while later init containers run',
  node: 'use another host port; a node can bind each port only once',
  repeated: 'remove one of them, unless both names are used',
};

function clashProblem({ kind, claim, earlier }: PortClash): Problem {
  const { container, port } = claim;
  const { hostPort, containerPort, protocol } = port;
  const subject =
    kind === 'node' ? `host port ${portText(hostPort, protocol)}` : `port ${portText(containerPort, protocol)}`;
  const other =
    container === earlier.container ? 'is declared twice' : `is already used by ${containerLabel(earlier.container)}`;
  return {
    state: 'violation',
    container,
    pointer: port.pointer,
    message: `${subject} ${other}${kind === 'sidecar' ? ', which is still running' : ''}`,
    remedy: REMEDIES[kind],
    ...(kind === 'repeated' ? { harmless: true as const } : {}),
  };
}

/** A service that is built has no image, so the problem is about the whole file. */
function publishedProblem({ port, earlier, number }: PublishedClash): Problem {
  const { service, protocol, pointer } = port;
  const again = service === earlier.service ? ' twice' : `, and so does service ${quoteValue(earlier.service)}`;
  return {
    state: 'violation',
    container: undefined,
    pointer: `${pointer}/from`,
    message: `service ${quoteValue(service)} publishes host port ${portText(number, protocol.toUpperCase())}${again}`,
    remedy: 'use another host port; a host can bind each port only once',
  };
}

function addPublished(ports: readonly PublishedPort[], { hostPort }: Parameters, problems: Problem[]): void {
  for (const clash of publishedClashes(ports)) problems.push(publishedProblem(clash));
  if (hostPort === false) for (const port of ports) problems.push(notAllowed(port));
}

function notAllowed({ service, protocol, from, to, pointer }: PublishedPort): Problem {
  const numbers = from === to ? `host port ${from}` : `host ports ${from}-${to}`;
  const verb = from === to ? 'is' : 'are';
  return {
    state: 'violation',
    container: undefined,
    pointer: `${pointer}/from`,
    message: `service ${quoteValue(service)} publishes ${numbers}/${protocol.toUpperCase()}, which ${verb} not allowed`,
    remedy: 'remove the entry from ports; services reach each other without it',
  };
}

function single({ container, port }: PortClaim, { hostPort, namesRequired }: Parameters, found: Problem[]): void {
  const { pointer } = port;
  if (hostPort === false && port.hostPort !== undefined) {
    const message = `host port ${portText(port.hostPort, port.protocol)} is not allowed`;
    const remedy = 'remove hostPort and hostNetwork, and use a Service';
    found.push({ state: 'violation', container, pointer, message, remedy });
  }
  if (namesRequired && port.name === undefined) {
    const message = `port ${portText(port.containerPort, port.protocol)} has no name`;
    found.push({
      state: 'violation',
      container,
      pointer,
      message,
      remedy: `add a name, for example name: ${quoteValue('http')}`,
    });
  }
}

/** `80/TCP`; quotes an invalid protocol. */
function portText(port: number | undefined, protocol: string): string {
  return `${port}/${/^[A-Z]{1,8}$/.test(protocol) ? protocol : quoteValue(protocol, 40)}`;
}
