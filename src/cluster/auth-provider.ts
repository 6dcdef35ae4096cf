/** OpenID Connect tokens of an `auth-provider`, with KubeConfig from @kubernetes/client-node. The only file that imports it. */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { UserError } from '../error/user-error.ts';
import { quoteValue } from '../image/quote.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { textIn } from './entry.ts';
import type { Identity } from './identity.ts';
import { UnusableSettings } from './unusable-settings.ts';

/** Discovery and one token request. */
const TIMEOUT_MS = 30_000;

/** Throws a UserError for a provider that kubectl does not have either. */
export function createAuthProvider(provider: JsonObject): () => Promise<Identity> {
  const name = textIn(provider, 'name');
  if (name !== 'oidc') {
    const problem = `auth-provider ${quoteValue(name)} does not exist (expected "oidc")`;
    throw new UserError(`${problem}; use a credential plugin ("exec")`);
  }
  const config = new KubeConfig();
  // KubeConfig replaces the tokens in its user when it has refreshed them.
  const user = { name, authProvider: structuredClone(provider) };
  config.loadFromClusterAndUser({ name, server: 'https://localhost', skipTLSVerify: false }, user);
  let running: Promise<Identity> | undefined;
  return async () => {
    running ??= authorize(config).finally(() => (running = undefined));
    return running;
  };
}

async function authorize(config: KubeConfig): Promise<Identity> {
  const options: RequestOptions = { headers: {} };
  await withinLimit(config.applyToHTTPSOptions(options));
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
