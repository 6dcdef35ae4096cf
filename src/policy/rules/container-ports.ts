import { CUT, quoteValue } from '../../image/quote.ts';
import { type Container, containerLabel, type Pod, type Port } from '../../pod/containers.ts';
import { isObject, type JsonObject, valueAt } from '../../pod/pointer.ts';
import { defineRule, type Problem } from '../rule.ts';
import { inScope } from './containers.ts';
import { arePlain } from './plain-ports.ts';
import { badNames, sharedNames } from './port-names.ts';

interface Parameters {
  readonly hostPort?: boolean;
  readonly namesRequired?: boolean;
  readonly namesUnique?: boolean;
}

/** The containers of a Pod share one IP, so they share one port space; host ports are shared by a whole node. */
export const containerPorts = defineRule({
  name: 'container-ports',
  description: 'The containers of a Pod do not claim the same port or name twice; host ports and names as asked for',
  docs: {
    why: 'The containers of a Pod share one IP and therefore one port space: the second container that binds a port fails when it starts, long after the API server said yes. One container that lists a port twice works, so that is a warning at most. A port name that is none, or twice in a container, it refuses itself.',
    remedy: 'Give each container its own port, and reach a Pod through a Service instead of a port of the node.',
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
          'false forbids ports on the node, as far as containers list them: with hostNetwork, they can listen on any',
      },
      namesRequired: { type: 'boolean', default: false, description: 'true wants a name for every port' },
      namesUnique: {
        type: 'boolean',
        default: false,
        description: 'true wants each name once for a protocol in the whole Pod: a Service finds only the first',
      },
    },
  },
  needs: [],
  seen: ({ pointer, message }, { object }) => (message.includes(CUT) ? undefined : mappingAt(object, pointer)),
  prepare: ({ hostPort = true, namesRequired = false, namesUnique = false }: Parameters) => ({
    ok: true,
    value: { hostPort, namesRequired, namesUnique },
  }),
  check(subject, asked) {
    const problems: Problem[] = [];
    for (const pod of subject.pods) {
      if (!arePlain(pod, asked.namesRequired)) {
        const claims = claimsOf(pod);
        for (const problem of clashes(claims)) problems.push(problem);
        for (const claim of claims) single(claim, asked, problems);
        for (const problem of badNames(pod)) problems.push(problem);
      }
      if (asked.namesUnique) for (const problem of sharedNames(pod)) problems.push(problem);
    }
    if (problems.length === 0) return problems;
    const isAsked = inScope(subject);
    return problems.filter(({ container }) => container !== undefined && isAsked(container));
  },
});

/** A sentence names one port: through the same one of the node, another of the container may be reached, and from further away. */
function mappingAt(object: JsonObject, pointer: string): readonly unknown[] | undefined {
  const port = valueAt(object, pointer);
  return isObject(port) ? [port['containerPort'], port['hostPort'], port['hostIP']] : undefined;
}

interface Claim {
  readonly container: Container;
  readonly port: Port;
}

function claimsOf(pod: Pod): readonly Claim[] {
  const claims: Claim[] = [];
  for (const container of pod.containers) for (const port of container.ports) claims.push({ container, port });
  return claims;
}

/** Linear in the number of ports, whatever the object: each key remembers one earlier claim, not all of them. */
function clashes(claims: readonly Claim[]): readonly Problem[] {
  const taken = new Map<string, Claim>();
  const problems: Problem[] = [];
  for (const claim of claims) {
    const found = clashOf(claim, taken);
    if (found !== undefined) problems.push(found);
    for (const key of [portKey(claim), ...hostKeys(claim).claimed]) {
      const at = owner(claim) + key;
      if (!taken.has(at)) taken.set(at, claim);
    }
  }
  return problems;
}

function clashOf(claim: Claim, taken: ReadonlyMap<string, Claim>): Problem | undefined {
  const { hostPort, protocol, containerPort } = claim.port;
  const inPod = taken.get(owner(claim) + portKey(claim));
  const beside = owner(claim) === '' ? undefined : taken.get(portKey(claim));
  if (beside !== undefined) return besideSidecar(claim, beside);
  const port = `port ${portText(containerPort, protocol)}`;
  if (inPod !== undefined && inPod.container !== claim.container) return clash(port, claim, inPod, OWN_PORT);
  for (const key of hostKeys(claim).clashing) {
    const onNode = taken.get(owner(claim) + key);
    if (onNode !== undefined)
      return clash(`host port ${portText(hostPort, protocol)}`, claim, onNode, 'a node has each port once');
  }
  if (inPod === undefined || mapsElsewhere(claim, inPod)) return undefined;
  return { ...clash(port, claim, inPod, UNUSED), harmless: true };
}

const OWN_PORT = 'all containers of a Pod share one IP: give each its own port';
/** It listens once; with two names it can be found by both (pkg/api/pod/warnings.go only warns). */
const UNUSED = 'remove one of the two, unless both names are used';

/** One port of a container can be reached through several of the node: only the node's can clash then. */
function mapsElsewhere({ port }: Claim, other: Claim): boolean {
  if (port.hostPort === undefined || other.port.hostPort === undefined) return false;
  return port.hostPort !== other.port.hostPort || port.hostIP !== other.port.hostIP;
}

/**
 * Plain init containers run one by one and before the others, so their ports clash only among themselves and, as the
 * containers come in the order of their start, with those of sidecars before them.
 */
function owner({ container }: Claim): string {
  return container.kind === 'init' ? `${container.pointer} ` : '';
}

function portKey({ port }: Claim): string {
  return `${port.containerPort}/${port.protocol}`;
}

/** A port on all addresses clashes with the same port on any one; two different addresses do not clash. */
function hostKeys({ port }: Claim): { readonly claimed: readonly string[]; readonly clashing: readonly string[] } {
  if (port.hostPort === undefined) return { claimed: [], clashing: [] };
  const key = `host ${port.hostPort}/${port.protocol} on`;
  const everywhere = port.hostIP === '0.0.0.0' || port.hostIP === '::';
  const own = `${key} ${everywhere ? 'all' : port.hostIP}`;
  return { claimed: [own, `${key} any`], clashing: everywhere ? [`${key} any`] : [own, `${key} all`] };
}

function clash(key: string, claim: Claim, other: Claim, remedy: string): Problem {
  const where =
    claim.container === other.container ? 'is declared twice' : `is also taken by ${containerLabel(other.container)}`;
  return {
    state: 'violation',
    container: claim.container,
    pointer: claim.port.pointer,
    message: `${key} ${where}`,
    remedy,
  };
}

/** A sidecar does not end before the init containers after it begin (KEP-753). */
function besideSidecar({ container, port }: Claim, sidecar: Claim): Problem {
  return {
    state: 'violation',
    container,
    pointer: port.pointer,
    message: `port ${portText(port.containerPort, port.protocol)} is also taken by ${containerLabel(sidecar.container)}, which is running by then`,
    remedy: 'a sidecar runs on beside the init containers after it: give each its own port',
  };
}

function single({ container, port }: Claim, { hostPort, namesRequired }: Parameters, found: Problem[]): void {
  const { pointer } = port;
  if (hostPort === false && port.hostPort !== undefined) {
    const message = `host port ${portText(port.hostPort, port.protocol)} is not allowed`;
    const remedy = 'leave out hostPort and hostNetwork, and use a Service';
    found.push({ state: 'violation', container, pointer, message, remedy });
  }
  if (namesRequired && port.name === undefined) {
    const message = `port ${portText(port.containerPort, port.protocol)} has no name`;
    found.push({ state: 'violation', container, pointer, message, remedy: `for example name: ${quoteValue('http')}` });
  }
}

/** `80/TCP`; what is no protocol at all is quoted. */
function portText(port: number | undefined, protocol: string): string {
  return `${port}/${/^[A-Z]{1,8}$/.test(protocol) ? protocol : quoteValue(protocol, 40)}`;
}
