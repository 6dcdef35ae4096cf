/** The picture of a Pod in the report, from its summary. */
import type { ContainerSummary, PodSummary, PortSummary, WorkloadSummary } from '../../admission/pod-summary.ts';
import type { ContainerPicture, CredentialPicture, PodPicture } from './report-data.ts';

/** A Pod with more containers has no picture that could be read. */
const MAX_CONTAINERS = 40;

export function podPictures({ pods }: WorkloadSummary): readonly PodPicture[] {
  return pods.map((pod) => ({
    pointer: pod.pointer,
    node: null,
    hostNetwork: pod.hostNetwork,
    containers: pod.containers.slice(0, MAX_CONTAINERS).map((container) => containerPicture(container, pod)),
  }));
}

function containerPicture(container: ContainerSummary, { ports }: PodSummary): ContainerPicture {
  const { name, kind, start, image, pointer, registry } = container;
  return {
    name: name ?? '',
    kind,
    start,
    ports: ports.filter((port) => port.container === name).map(portText),
    image,
    pointer,
    registry,
    credential: credentialPicture(container),
  };
}

function portText({ port, protocol, hostPort }: PortSummary): string {
  return `${port}/${protocol}${hostPort === null ? '' : ` on host port ${hostPort}`}`;
}

function credentialPicture({ credentials: { state, candidates } }: ContainerSummary): CredentialPicture {
  const [first] = candidates;
  return { state, secret: first?.secret ?? null, user: first?.username ?? null };
}
