/** Port numbers and protocols that the API server rejects (pkg/apis/core/validation, validateContainerPorts), for container-ports. */
import { quoteValue } from '../../image/quote.ts';
import type { Pod, Port } from '../../pod/containers.ts';
import type { PortClaim } from '../../pod/ports.ts';
import type { Problem } from '../rule.ts';

const PROTOCOLS: ReadonlySet<string> = new Set(['TCP', 'UDP', 'SCTP']);
const RANGE = 'use a whole number from 1 to 65535';

export function addBadNumbers(pod: Pod, found: Problem[]): void {
  for (const container of pod.containers) {
    for (const port of container.ports) {
      if (!isValid(port)) addProblems({ container, port }, found);
      if (pod.hostNetwork && container.kind === 'regular' && port.hostPort !== port.containerPort)
        found.push(otherHostPort({ container, port }));
    }
  }
}

function isValid({ containerPort, hostPort, protocol }: Port): boolean {
  return isPortNumber(containerPort) && (hostPort === undefined || isPortNumber(hostPort)) && isProtocol(protocol);
}

export function isProtocol(text: string): boolean {
  return PROTOCOLS.has(text);
}

function isPortNumber(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function addProblems({ container, port }: PortClaim, found: Problem[]): void {
  const { containerPort, hostPort, protocol, pointer } = port;
  const add = (key: string, message: string, remedy: string): void => {
    found.push({ state: 'violation', container, pointer: `${pointer}/${key}`, message, remedy });
  };
  if (containerPort === 0) add('containerPort', 'a port has no containerPort', `set containerPort; ${RANGE}`);
  else if (!isPortNumber(containerPort)) add('containerPort', `${containerPort} is not a valid port`, RANGE);
  // With hostNetwork, the host port is the container port by default.
  if (hostPort !== undefined && hostPort !== containerPort && !isPortNumber(hostPort))
    add('hostPort', `${hostPort} is not a valid host port`, RANGE);
  if (!isProtocol(protocol))
    add('protocol', `${quoteValue(protocol, 40)} is not a protocol of ports`, 'use TCP, UDP, or SCTP');
}

function otherHostPort({ container, port: { pointer, hostPort, containerPort } }: PortClaim): Problem {
  return {
    state: 'violation',
    container,
    pointer: `${pointer}/hostPort`,
    message: `host port ${hostPort} is not container port ${containerPort}, although the Pod uses hostNetwork`,
    remedy: 'remove hostPort, or set it to the value of containerPort',
  };
}
