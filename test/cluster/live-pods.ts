// Pods with the status and the events that a kubelet would write; the control plane of the tests has none. The texts are those of
// kubelets with containerd, CRI-O, and Docker, as users report them in public issues.
import type { ControlPlane } from './control-plane.ts';
import { pod } from './objects.ts';

export interface LivePod {
  readonly namespace: string;
  readonly name: string;
  readonly spec: object;
  readonly status?: object;
  readonly events?: readonly PodEvent[];
}

export interface PodEvent {
  readonly reason: string;
  readonly message: string;
  /** undefined: the whole Pod. */
  readonly container?: string;
  readonly count?: number;
}

/** Creates the Pod, then writes its status and its events. */
export async function createLivePod(plane: ControlPlane, live: LivePod): Promise<void> {
  const { namespace, name, spec, status, events = [] } = live;
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const { uid } = (await created(plane, pods, pod(name, spec))).metadata;
  if (status !== undefined) await patchStatus(plane, `${pods}/${name}/status`, status);
  for (const [index, event] of events.entries()) {
    const involvedObject = { kind: 'Pod', apiVersion: 'v1', namespace, name, uid, ...fieldPath(event) };
    const time = new Date(Date.now() - 60_000 * (events.length - index)).toISOString().replace(/\.\d+/, '');
    await created(plane, `/api/v1/namespaces/${namespace}/events`, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${index}` },
      involvedObject,
      reason: event.reason,
      message: event.message,
      type: 'Warning',
      count: event.count ?? 1,
      firstTimestamp: time,
      lastTimestamp: time,
      source: { component: 'kubelet', host: 'node-1' },
    });
  }
}

function fieldPath({ container }: PodEvent): object {
  return container === undefined ? {} : { fieldPath: `spec.containers{${container}}` };
}

interface Created {
  readonly metadata: { readonly uid: string };
}

export async function created(plane: ControlPlane, path: string, object: object): Promise<Created> {
  const { status, body } = await plane.request('POST', path, object);
  if (status !== 201) throw new Error(`POST ${path}: ${status} ${JSON.stringify(body)}`);
  return body as Created;
}

export async function patchStatus(plane: ControlPlane, path: string, status: object): Promise<void> {
  const reply = await plane.request('PATCH', path, { status });
  if (reply.status !== 200) throw new Error(`PATCH ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
}

export async function createNode(plane: ControlPlane, name: string, architecture: string): Promise<void> {
  await created(plane, '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name } });
  const nodeInfo = {
    machineID: '',
    systemUUID: '',
    bootID: '',
    kernelVersion: '6.8.0',
    osImage: 'Debian GNU/Linux 13',
    containerRuntimeVersion: 'containerd://2.1.4',
    kubeletVersion: 'v1.37.2',
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture,
  };
  await patchStatus(plane, `/api/v1/nodes/${name}/status`, { nodeInfo });
}

export function dockerSecret(name: string, host: string, auth: { username: string; password: string }): object {
  const config = JSON.stringify({ auths: { [host]: { username: auth.username, password: auth.password } } });
  const data = { '.dockerconfigjson': Buffer.from(config).toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type: 'kubernetes.io/dockerconfigjson', data };
}

export const running = (name: string, image: string, imageID: string): object => ({
  name,
  image,
  imageID,
  ready: true,
  started: true,
  restartCount: 0,
  containerID: `containerd://${'c'.repeat(64)}`,
  state: { running: { startedAt: '2026-01-02T03:04:05Z' } },
});

export const waiting = (name: string, image: string, reason: string, message: string): object => ({
  name,
  image,
  imageID: '',
  ready: false,
  started: false,
  restartCount: 0,
  state: { waiting: { reason, message } },
});
