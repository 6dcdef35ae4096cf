/** Form and uniqueness of port names, for container-ports. */
import { quoteValue } from '../../image/quote.ts';
import { type Container, type ContainerKind, containerLabel, type Pod, type Port } from '../../pod/containers.ts';
import type { Problem } from '../rule.ts';
import { NO_PROBLEMS } from './containers.ts';

/**
 * Finds invalid names, and names repeated in one container. The API server rejects both (pkg/apis/core/validation,
 * validateContainerPorts).
 */
export function badNames(pod: Pod): readonly Problem[] {
  const problems: Problem[] = [];
  for (const container of pod.containers) for (const problem of badNamesIn(container)) problems.push(problem);
  return problems;
}

function badNamesIn(container: Container): readonly Problem[] {
  const names = new Set<string>();
  const problems: Problem[] = [];
  for (const port of container.ports) {
    const { name } = port;
    if (name === undefined) continue;
    if (!isPortName(name)) {
      const message = `${quoteValue(name, 60)} is not a valid port name`;
      problems.push(about(container, port, { message, remedy: FORM }));
    } else if (names.has(name)) {
      const message = `port name ${quoteValue(name)} is declared twice`;
      const remedy = 'use each name once in a container, whatever the protocol';
      problems.push(about(container, port, { message, remedy }));
    }
    names.add(name);
  }
  return problems;
}

const FORM = 'use at most 15 lowercase letters, digits, and single inner hyphens, with at least one letter';

/** IANA_SVC_NAME of RFC 6335; apimachinery IsValidPortName. */
export function isPortName(name: string): boolean {
  // Fast path for most names.
  if (/^[a-z]{1,15}$/.test(name)) return true;
  return name.length <= 15 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) && /[a-z]/.test(name);
}

/**
 * The API accepts one name in two containers. But a Service searches the regular containers and then the sidecars by name and
 * protocol, and uses the first match (k8s.io/endpointslice, FindPort).
 */
export function sharedNames(pod: Pod): readonly Problem[] {
  if (allDiffer(pod)) return NO_PROBLEMS;
  const first = new Map<string, Container>();
  const problems: Problem[] = [];
  for (const container of [...ofKind(pod, 'regular'), ...ofKind(pod, 'sidecar')]) {
    for (const port of container.ports) {
      if (port.name === undefined) continue;
      const key = `${port.name}/${port.protocol}`;
      const other = first.get(key) ?? container;
      first.set(key, other);
      if (other !== container) problems.push(shared(container, port, other));
    }
  }
  return problems;
}

function allDiffer({ containers }: Pod): boolean {
  const names = new Set<string>();
  for (const { ports } of containers) {
    for (const { name } of ports) {
      if (name === undefined) continue;
      if (names.has(name)) return false;
      names.add(name);
    }
  }
  return true;
}

function ofKind(pod: Pod, kind: ContainerKind): readonly Container[] {
  return pod.containers.filter((container) => container.kind === kind);
}

function shared(container: Container, port: Port, other: Container): Problem {
  return about(container, port, {
    message: `port name ${quoteValue(port.name ?? '', 60)} is already used by ${containerLabel(other)}`,
    remedy: 'use unique names; a Service that refers to this name reaches only that port',
  });
}

function about(
  container: Container,
  { pointer }: Port,
  { message, remedy }: { readonly message: string; readonly remedy: string },
): Problem {
  return { state: 'violation', container, pointer: `${pointer}/name`, message, remedy };
}
