// Nodes that kwok plays: their Pods get a status and run nothing. The control plane has no scheduler, so this binds Pods: those of
// a DaemonSet to the node that they name, all others to the first node.
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { kwokPath } from './assets.ts';
import type { ControlPlane } from './control-plane.ts';
import { startGuard } from './guard.ts';

export interface Nodes {
  stop(): Promise<void>;
}

interface UnboundPods {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec: object;
  }[];
}

const BIND_EVERY_MS = 100;
const unboundPods = '/api/v1/pods?fieldSelector=spec.nodeName%3D';

/** Resolves when the nodes are ready. */
export async function startNodes(plane: ControlPlane, names: readonly [string, ...string[]]): Promise<Nodes> {
  const folder = mkdtempSync(join(tmpdir(), 'tidewaiter-nodes-'));
  const guard = startGuard(folder);
  const logFile = join(folder, 'kwok.log');
  const log = openSync(logFile, 'w');
  const stages = join(import.meta.dirname, 'stages.yaml');
  const flags = ['--kubeconfig', plane.kubeconfig, '--config', stages, '--manage-all-nodes'];
  const child = spawn(kwokPath, flags, { cwd: folder, stdio: ['ignore', log, log] });
  guard.watch(child);
  const ended = new Promise((resolve) => child.once('close', resolve));
  let isStopped = false;
  const isRunning = (): boolean => !isStopped && child.exitCode === null && child.signalCode === null;
  for (const name of names) await plane.request('POST', '/api/v1/nodes', { metadata: { name } });
  for (const name of names) {
    while (!JSON.stringify((await plane.request('GET', `/api/v1/nodes/${name}`)).body).includes('"KubeletReady"')) {
      if (!isRunning()) throw new Error(`kwok ended:\n${readFileSync(logFile, 'utf8')}`);
      await delay(50);
    }
    // The API server taints new nodes until a controller finds them ready.
    await plane.request('PATCH', `/api/v1/nodes/${name}`, { spec: { taints: null } });
  }
  const binding = bindWhile(isRunning, plane, names[0]);
  return {
    async stop() {
      isStopped = true;
      await binding;
      child.kill('SIGKILL');
      await ended;
      await guard.dismiss();
    },
  };
}

async function bindWhile(isRunning: () => boolean, plane: ControlPlane, node: string): Promise<void> {
  while (isRunning()) {
    const { items } = (await plane.request('GET', unboundPods)).body as UnboundPods;
    for (const { metadata, spec } of items) {
      const { name, namespace } = metadata;
      const binding = { metadata: { name }, target: { kind: 'Node', name: nodeNamedIn(spec) ?? node } };
      // A Pod that is gone meanwhile is not found.
      await plane.request('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, binding);
    }
    await delay(BIND_EVERY_MS);
  }
}

/** `matchFields: [{key: metadata.name, operator: In, values: [node-2]}]`, as the controller of DaemonSets writes it. */
function nodeNamedIn(spec: object): string | undefined {
  return /"key":"metadata\.name","operator":"In","values":\["([^"]+)"\]/.exec(JSON.stringify(spec))?.[1];
}
