/** A process that sends one request to the API server of a kubeconfig, and prints the error, if any: `FILE PATH [no-terminal]`. */
import { openClusterApi } from '../../src/cluster/client.ts';

const [, , kubeconfig, path = '/', option] = process.argv;
const settings = { mode: 'on', from: '--cluster', kubeconfig, context: undefined } as const;
const api = openClusterApi(settings, { env: process.env, originOf: () => '', usesTerminal: option !== 'no-terminal' });
try {
  await api.request({ path });
} catch (error) {
  process.stdout.write(`${String(error)}\n`);
}
await api.close();
