/** OpenID Connect tokens of an `auth-provider`, with KubeConfig from @kubernetes/client-node. The only file that imports it. */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { JsonObject } from '../pod/pointer.ts';
import type { Identity } from './identity.ts';
import { UnusableSettings } from './unusable-settings.ts';

/** Discovery and one token request. */
const TIMEOUT_MS = 30_000;

/** `provider` has the name `oidc`, the only one that KubeConfig and kubectl both have. */
export function createAuthProvider(provider: JsonObject): () => Promise<Identity> {
  const config = new KubeConfig();
  // KubeConfig replaces the tokens in its user when it has refreshed them.
  const user = { name: 'oidc', authProvider: structuredClone(provider) };
  config.loadFromClusterAndUser({ name: 'oidc', server: 'https://localhost', skipTLSVerify: false }, user);
  let running: Promise<Identity> | undefined;
  return async () => {
    running ??= authorize(config).finally(() => (running = undefined));
    return running;
  };
}

async function authorize(config: KubeConfig): Promise<Identity> {
  const options: RequestOptions = { headers: {} };
  await withinLimit(config.applyToHTTPSOptions(options)).catch(rejectToken);
  const { Authorization: authorization } = options.headers as Readonly<Record<string, string | undefined>>;
  if (authorization !== undefined) return { authorization };
  throw new UnusableSettings('the id-token of auth-provider "oidc" has expired, and it has no refresh-token');
}

async function withinLimit(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const problem = new UnusableSettings(`auth-provider "oidc" did not respond within ${TIMEOUT_MS / 1000} s`);
  const timer = setTimeout(() => reject(problem), TIMEOUT_MS);
  await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** The messages of the parser can contain a token. */
function rejectToken(error: unknown): never {
  if (error instanceof UnusableSettings) throw error;
  const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  throw new UnusableSettings(`auth-provider "oidc" returned no token${reason}`, { cause: error });
}
