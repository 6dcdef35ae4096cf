/**
 * Runs a credential plugin of a kubeconfig (client.authentication.k8s.io). As in client-go, the plugin gets the terminal of this
 * process if there is one, and if `interactiveMode` allows it.
 */
import { isatty } from 'node:tty';
import type { JsonObject } from '../pod/pointer.ts';
import { quoteValue } from '../image/quote.ts';
import { type Ended, runProgram } from '../node/run-program.ts';
import type { ExecSettings } from './connection.ts';
import { parseExecCredential } from './exec-response.ts';
import type { AuthenticatedServer, CredentialOptions, Identity, Renewable } from './identity.ts';
import { createRenewedIdentity } from './renewed-identity.ts';
import { UnusableSettings } from './unusable-settings.ts';

/** Some plugins sign in at a cloud first. */
const TIMEOUT_MS = 60_000;
/** For a user who signs in at a terminal. */
const INTERACTIVE_TIMEOUT_MS = 600_000;

export function createExecCredential(
  exec: ExecSettings,
  { server, ca, ...options }: AuthenticatedServer & CredentialOptions,
): Renewable<Identity> {
  return createRenewedIdentity({
    now: options.now,
    pause: 'it is not run again',
    async fetch() {
      const cluster = exec.providesClusterInfo ? clusterInfo(server.entry, await ca.read()) : undefined;
      return parseExecCredential(await outputOf(exec, cluster, options), exec);
    },
  });
}

/** Rejects with a message that never contains the output, which has the credential. */
async function outputOf(
  exec: ExecSettings,
  cluster: JsonObject | undefined,
  { env, closed, usesTerminal = true }: CredentialOptions,
): Promise<string> {
  const { command, args, apiVersion } = exec;
  const isInteractive = isInteractiveRun(exec, usesTerminal);
  const spec = { ...(cluster && { cluster }), interactive: isInteractive };
  let stderr = '';
  const ended = await runProgram({
    file: command,
    args,
    env: {
      ...env,
      ...variables(exec),
      KUBERNETES_EXEC_INFO: JSON.stringify({ kind: 'ExecCredential', apiVersion, spec }),
    },
    input: '',
    timeoutMs: isInteractive ? INTERACTIVE_TIMEOUT_MS : TIMEOUT_MS,
    isInteractive,
    signal: closed,
    onStderr: (end) => (stderr = end),
  });
  if (ended.state === 'ended' && ended.code === 0) return ended.output;
  throw new UnusableSettings(`credential plugin ${quoteValue(command)} ${problemOf(exec, ended, stderr)}`);
}

const STDIN = 0;

function isInteractiveRun({ command, interactiveMode }: ExecSettings, usesTerminal: boolean): boolean {
  const hasTerminal = interactiveMode !== 'Never' && usesTerminal && isatty(STDIN);
  if (hasTerminal || interactiveMode !== 'Always') return hasTerminal;
  const problem = 'requires a terminal (interactiveMode: Always), and standard input is not a terminal';
  throw new UnusableSettings(`credential plugin ${quoteValue(command)} ${problem}`);
}

function variables({ env }: ExecSettings): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

const COPIED = ['server', 'tls-server-name', 'insecure-skip-tls-verify', 'proxy-url', 'disable-compression'];

/** Without the values that Go omits. */
function clusterInfo(entry: JsonObject, ca: string | undefined): JsonObject {
  const extensions = (entry['extensions'] ?? []) as readonly JsonObject[];
  const found = extensions.find(({ name }) => name === 'client.authentication.k8s.io/exec');
  return {
    ...Object.fromEntries(COPIED.flatMap((key) => (entry[key] ? [[key, entry[key]]] : []))),
    ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca, 'utf8').toString('base64') }),
    config: found?.['extension'] ?? null,
  };
}

function problemOf({ installHint }: ExecSettings, ended: Ended, stderr: string): string {
  const problem = ended.state === 'ended' ? `ended with exit code ${ended.code}` : ended.problem;
  const hint = installHint !== '' && /not found/.test(problem) ? `; ${oneLine(installHint)}` : '';
  const reason = stderr.trim() === '' ? '' : `: ${oneLine(stderr)}`;
  return `${problem}${reason}${hint}`;
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
