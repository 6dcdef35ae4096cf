/** Reads the cluster and the user of a kubeconfig context, and rejects what kubectl rejects (client-go, clientcmd/validation.go). */
import { UserError } from '../error/user-error.ts';
import { parseProxy } from '../go/http-proxy.ts';
import { quoteValue } from '../image/quote.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { orList } from '../image/or-list.ts';
import type { Connection, ServerSettings, UserSettings } from './connection.ts';
import { flagIn, pemIn, textIn } from './entry.ts';
import type { Kubeconfig } from './kubeconfig.ts';
import type { ClusterSettings } from './settings.ts';
import { userInfoOf } from './user-info.ts';
import { userSettings } from './user.ts';

/** `wanted`: instead of the current context. */
export function connectionOf(config: Kubeconfig, wanted: ClusterSettings['context']): Connection {
  const source = config.files.map((file) => quoteValue(file)).join(', ');
  const name = wanted?.name ?? config.currentContext;
  const context = config.contexts.get(name);
  if (context === undefined) {
    const place = wanted === undefined ? '' : `${wanted.from}: `;
    throw new UserError(`${place}${absentContext(config, name, source)}`);
  }
  const title = `context ${quoteValue(name)} in ${source}`;
  const clusterName = textIn(context, 'cluster');
  const cluster = config.clusters.get(clusterName);
  if (cluster === undefined) throw new UserError(`${title}: cluster ${quoteValue(clusterName)} does not exist`);
  const userName = textIn(context, 'user');
  const user = userName === '' ? {} : config.users.get(userName);
  if (user === undefined) throw new UserError(`${title}: user ${quoteValue(userName)} does not exist`);
  const server = serverSettings(cluster, `cluster ${quoteValue(clusterName)} in ${source}`);
  const settings = userSettings(user, `user ${quoteValue(userName)} in ${source}`);
  const namespace = textIn(context, 'namespace') || 'default';
  return { server, user: userOf(server, settings), namespace };
}

/**
 * Like kubectl, sends no credentials of the user over plain HTTP. A user name and a password in the URL of the server are sent
 * in any case, and instead of a token.
 */
function userOf({ url }: ServerSettings, user: UserSettings): UserSettings {
  const own = userInfoOf(url);
  const bare = url.protocol === 'https:' ? user : { ...user, certificate: undefined, credential: NO_CREDENTIAL };
  return own === undefined ? bare : { ...bare, credential: { kind: 'basic', ...own } };
}

const NO_CREDENTIAL = { kind: 'none' } as const;

const MAX_SHOWN = 20;

function absentContext({ contexts }: Kubeconfig, name: string, source: string): string {
  if (source === '') return 'no kubeconfig file exists; set --kubeconfig or KUBECONFIG';
  const problem = name === '' ? 'has no current context' : `has no context ${quoteValue(name)}`;
  const names = [...contexts.keys()].slice(0, MAX_SHOWN).map((each) => quoteValue(each));
  const list = contexts.size > MAX_SHOWN ? `one of ${contexts.size}, for example ${orList(names)}` : orList(names);
  const expected = contexts.size === 0 ? 'it has no contexts' : `expected ${list}`;
  return `kubeconfig ${source} ${problem} (${expected})`;
}

function serverSettings(entry: JsonObject, title: string): ServerSettings {
  const ca = pemIn(entry, 'certificate-authority', title);
  const skipsTlsVerification = flagIn(entry, 'insecure-skip-tls-verify');
  if (ca !== undefined && skipsTlsVerification) {
    const problem = '"certificate-authority" and "insecure-skip-tls-verify" are both set; remove one of them';
    throw new UserError(`${title}: ${problem}`);
  }
  const url = serverUrl(textIn(entry, 'server'), title);
  return {
    url,
    shown: `${url.origin}${url.pathname.replace(/\/$/, '')}`,
    ca,
    skipsTlsVerification,
    tlsServerName: textIn(entry, 'tls-server-name') || undefined,
    proxyUrl: proxyOf(entry, title),
    title,
    entry,
  };
}

/** Without a scheme, kubectl uses HTTP, even if the cluster has TLS settings. */
function serverUrl(text: string, title: string): URL {
  if (text === '') throw new UserError(`${title}: "server" is required`);
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new UserError(`${title}: "server": expected an https:// or http:// URL`);
}

function proxyOf(entry: JsonObject, title: string): string | undefined {
  const text = textIn(entry, 'proxy-url');
  if (text === '') return undefined;
  if (parseProxy(text, PROXY_PROTOCOLS) !== undefined) return text;
  // The message omits the value, which can contain a password.
  throw new UserError(`${title}: "proxy-url": expected an http://, https://, or socks5:// URL`);
}

export const PROXY_PROTOCOLS = ['http:', 'https:', 'socks5:', 'socks5h:'];
