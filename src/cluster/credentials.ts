/** The headers and the client certificate that requests to an API server have. Files and programs are read again when they change. */
import { quoteValue } from '../image/quote.ts';
import type { Connection, CredentialSettings, Pem, ServerSettings, UserSettings } from './connection.ts';
import { createExecCredential } from './exec-credential.ts';
import type { AuthenticatedServer, CredentialOptions, Credentials, Identity, Renewable } from './identity.ts';
import { createFileContent, type FileContent } from './file-content.ts';
import { createOidcIdentity } from './oidc.ts';
import { systemAuthorities } from './system-authorities.ts';
import { UnusableSettings } from './unusable-settings.ts';
import { basicHeader } from './user-info.ts';

export interface CredentialSource {
  /** Rejects with an Error that has a complete sentence if a file or a program fails. */
  current(): Promise<Credentials>;
  /** The API server rejected these credentials. Returns other credentials if there are any. */
  replace(rejected: Credentials): Promise<Credentials | undefined>;
}

export function createCredentialSource(connection: Connection, options: CredentialOptions): CredentialSource {
  const { server, user } = connection;
  const ca = pemContent(server.ca, options);
  const authorities = server.ca === undefined ? authoritiesOf(server, options) : ca;
  const identity = identityOf(user.credential, { server, ca }, options);
  const certificate = certificateOf(user, options);
  const current = async (): Promise<Credentials> => {
    const [authority, first, own] = await Promise.all([authorities.read(), identity.read(), certificate.read()]);
    const { authorization, cert = own.cert, key = own.key } = first;
    return { authorization, ca: authority, cert, key };
  };
  return {
    current,
    async replace(rejected) {
      const latest = await current();
      // Another request has replaced them.
      if (!isSame(latest, rejected)) return latest;
      identity.expire();
      certificate.expire();
      const next = await current();
      return isSame(next, rejected) ? undefined : next;
    },
  };
}

function isSame(one: Credentials, other: Credentials): boolean {
  return one.authorization === other.authorization && one.cert === other.cert;
}

function fixed<T>(value: T): Renewable<T> {
  return { read: () => Promise.resolve(value), expire: () => {} };
}

/** As in Go, the CAs of the system are read once. */
function authoritiesOf(
  { url, skipsTlsVerification }: ServerSettings,
  { env }: CredentialOptions,
): Renewable<string | undefined> {
  if (url.protocol === 'http:' || skipsTlsVerification) return fixed(undefined);
  let text: Promise<string> | undefined;
  return {
    read: () => (text ??= systemAuthorities(env).then((all) => all.join('\n'))),
    expire: () => {},
  };
}

function pemContent(pem: Pem | undefined, { now }: CredentialOptions): Renewable<string | undefined> {
  if (pem === undefined) return fixed(undefined);
  return 'text' in pem ? fixed(pem.text) : createFileContent(pem.file, now);
}

function certificateOf({ certificate }: UserSettings, options: CredentialOptions): Renewable<Identity> {
  if (certificate === undefined) return fixed({});
  const [cert, key] = [pemContent(certificate.cert, options), pemContent(certificate.key, options)];
  return {
    async read() {
      const [certText, keyText] = await Promise.all([cert.read(), key.read()]);
      return { cert: certText, key: keyText };
    },
    expire() {
      cert.expire();
      key.expire();
    },
  };
}

function identityOf(
  credential: CredentialSettings,
  { server, ca }: AuthenticatedServer,
  options: CredentialOptions,
): Renewable<Identity> {
  switch (credential.kind) {
    case 'token':
      return fixed({ authorization: `Bearer ${credential.token}` });
    case 'basic':
      return fixed({ authorization: basicHeader(credential) });
    case 'tokenFile':
      return tokenOf(credential.file, createFileContent(credential.file, options.now));
    case 'exec':
      return createExecCredential(credential.exec, { server, ca, ...options });
    case 'provider':
      return createOidcIdentity(credential.provider, options);
    default:
      return fixed({});
  }
}

function tokenOf(name: string, file: FileContent): Renewable<Identity> {
  return {
    async read() {
      const token = (await file.read()).trim();
      if (token === '') throw new UnusableSettings(`${quoteValue(name)} contains no token`);
      return { authorization: `Bearer ${token}` };
    },
    expire: () => file.expire(),
  };
}
