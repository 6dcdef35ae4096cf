/**
 * Runs a credential plugin of a kubeconfig (client.authentication.k8s.io) and keeps its credential until shortly before it expires.
 * Concurrent calls share one run. The plugin has no terminal.
 */
import type { JsonObject } from '../pod/pointer.ts';
import { quoteValue } from '../image/quote.ts';
import { type Ended, runProgram } from '../node/run-program.ts';
import type { ExecSettings } from './connection.ts';
import { parseExecCredential } from './exec-response.ts';
import type { AuthenticatedServer, CredentialOptions, Identity, Renewable } from './identity.ts';
import { UnusableSettings } from './unusable-settings.ts';

/** Some plugins sign in at a cloud first. */
const TIMEOUT_MS = 60_000;
/** A request that is sent just before the credential expires would be rejected. */
const MARGIN_MS = 10_000;

export function createExecCredential(
  exec: ExecSettings,
  { server, ca, env, now }: AuthenticatedServer & CredentialOptions,
): Renewable<Identity> {
  let cached: Identity | undefined;
  let renewAt = Number.POSITIVE_INFINITY;
  let running: Promise<Identity> | undefined;

  const run = async (): Promise<Identity> => {
    const info = execInfo(exec, exec.providesClusterInfo ? clusterInfo(server.entry, await ca.read()) : undefined);
    let stderr = '';
    const ended = await runProgram({
      file: exec.command,
      args: exec.args,
      env: { ...env, ...variables(exec), KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      input: '',
      timeoutMs: TIMEOUT_MS,
      onStderr: (end) => (stderr = end),
    });
    const { identity, expiresAt } = parseExecCredential(outputOf(exec, ended, stderr), exec);
    cached = identity;
    renewAt = expiresAt - Math.min(MARGIN_MS, (expiresAt - now()) / 10);
    return identity;
  };

  return {
    async read() {
      if (cached !== undefined && now() < renewAt) return cached;
      running ??= run().finally(() => (running = undefined));
      return running;
    },
    expire() {
      cached = undefined;
    },
  };
}

function variables({ env }: ExecSettings): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

function execInfo({ apiVersion }: ExecSettings, cluster: JsonObject | undefined): JsonObject {
  return { kind: 'ExecCredential', apiVersion, spec: { ...(cluster && { cluster }), interactive: false } };
}

const COPIED = ['server', 'tls-server-name', 'insecure-skip-tls-verify', 'proxy-url', 'disable-compression'];

function clusterInfo(entry: JsonObject, ca: string | undefined): JsonObject {
  const extensions = (entry['extensions'] ?? []) as readonly JsonObject[];
  const config = extensions.find(({ name }) => name === 'client.authentication.k8s.io/exec')?.['extension'];
  return {
    ...Object.fromEntries(COPIED.flatMap((key) => (key in entry ? [[key, entry[key]]] : []))),
    ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca, 'utf8').toString('base64') }),
    ...(config === undefined ? {} : { config }),
  };
}

/** The messages never contain the output, which has the credential. */
function outputOf({ command, installHint }: ExecSettings, ended: Ended, stderr: string): string {
  if (ended.state === 'ended' && ended.code === 0) return ended.output;
  const problem = ended.state === 'ended' ? `ended with exit code ${ended.code}` : ended.problem;
  const hint = installHint !== '' && /not found/.test(problem) ? `; ${oneLine(installHint)}` : '';
  const reason = stderr.trim() === '' ? '' : `: ${oneLine(stderr)}`;
  throw new UnusableSettings(`credential plugin ${quoteValue(command)} ${problem}${reason}${hint}`);
}

const MAX_SHOWN = 300;

/** The end of the text, without line breaks and control characters, and without what looks like a token. */
function oneLine(text: string): string {
  const line = text
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .replaceAll(/[\w-]{12,}\.[\w-]{12,}\.[\w-]*|[\w+/=-]{40,}/g, '…')
    .trim();
  return line.length <= MAX_SHOWN ? line : `…${line.slice(-MAX_SHOWN)}`;
}
