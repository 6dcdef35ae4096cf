/** The webhook that gets the reviews of `replay --to`: its address, how it is trusted, and how much it gets at a time. */
import { isIP } from 'node:net';
import { UserError } from '../../../error/user-error.ts';
import { REVIEW_VERSIONS, type ReviewVersion } from '../../../admission/review.ts';
import type { RecordedEndpoint } from '../../../recording/format.ts';
import { addressKind } from '../../../registry/address-kind.ts';
import { loadAuthority } from '../../manifests/authority.ts';
import { type ClientCertificate, loadClientCertificate } from './client-certificate.ts';
import { WEBHOOK_DEFAULTS } from './defaults.ts';

export interface WebhookFlags {
  /** A URL. */
  readonly to?: string | undefined;
  readonly endpoint?: RecordedEndpoint | undefined;
  readonly allowRemote?: boolean | undefined;
  /** A file. */
  readonly ca?: string | undefined;
  /** Files. */
  readonly clientCert?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly tlsServerName?: string | undefined;
  /** Reviews per second. */
  readonly rate?: number | undefined;
  readonly connections?: number | undefined;
  /** Milliseconds. */
  readonly timeout?: number | undefined;
  /** Without its group. */
  readonly reviewVersion?: string | undefined;
  /** Without it, all reviews are dry runs. */
  readonly asRecorded?: boolean | undefined;
}

export interface WebhookTarget {
  readonly url: URL;
  /** undefined: the URL has no path, so each endpoint of tidewaiter gets its reviews. */
  readonly endpoint: RecordedEndpoint | undefined;
  readonly allowRemote: boolean;
  /** PEM; undefined: the CAs of this machine. */
  readonly ca: string | undefined;
  /** undefined: none is shown. */
  readonly client: ClientCertificate | undefined;
  readonly isVerified: boolean;
  /** undefined: the host in the URL. */
  readonly serverName: string | undefined;
  readonly perSecond: number;
  readonly connections: number;
  readonly timeoutMs: number;
  /** undefined: as recorded. */
  readonly reviewVersion: ReviewVersion | undefined;
  readonly isDryRun: boolean;
}

export function targetOf(flags: WebhookFlags): WebhookTarget | undefined {
  if (flags.to === undefined) {
    const other = NEED_URL.find((name) => flags[name] !== undefined);
    if (other !== undefined) throw new UserError(`--${optionOf(other)} requires --to URL`);
    return undefined;
  }
  const { perSecond, connections, timeoutMs } = WEBHOOK_DEFAULTS;
  return {
    ...addressOf(flags.to, flags),
    ...trustOf(flags),
    perSecond: flags.rate ?? perSecond,
    connections: flags.connections ?? connections,
    timeoutMs: flags.timeout ?? timeoutMs,
    reviewVersion: REVIEW_VERSIONS.find((version) => version.endsWith(`/${flags.reviewVersion}`)),
    isDryRun: flags.asRecorded !== true,
  };
}

type Address = Pick<WebhookTarget, 'url' | 'endpoint' | 'allowRemote'>;

function addressOf(text: string, { endpoint, allowRemote = false }: WebhookFlags): Address {
  const url = parseUrl(text);
  if (!allowRemote) requireLoopback(url);
  if (url.pathname !== '/') return { url, endpoint: endpoint ?? 'validate', allowRemote };
  if (endpoint === undefined) return { url, endpoint, allowRemote };
  throw new UserError('--endpoint requires a path in the URL of --to; without a path, each endpoint gets its reviews');
}

function trustOf({
  ca,
  clientCert,
  clientKey,
  insecureSkipTlsVerify = false,
  tlsServerName,
}: WebhookFlags): Pick<WebhookTarget, 'ca' | 'client' | 'isVerified' | 'serverName'> {
  if (insecureSkipTlsVerify && ca !== undefined)
    throw new UserError('--ca and --insecure-skip-tls-verify are both set; remove one of them');
  const client = loadClientCertificate(clientCert, clientKey);
  return { ca: loadAuthority(ca), client, isVerified: !insecureSkipTlsVerify, serverName: tlsServerName };
}

/** As an API server accepts it in `clientConfig.url`. The message leaves the URL out, which can have a password. */
function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && url.protocol === 'https:' && `${url.username}${url.password}${url.search}${url.hash}` === '')
    return url;
  throw new UserError('--to: expected an https URL without a user, a query, and a fragment');
}

const NEED_URL = [
  'endpoint',
  'allowRemote',
  'ca',
  'clientCert',
  'clientKey',
  'insecureSkipTlsVerify',
  'tlsServerName',
  'rate',
  'connections',
  'timeout',
  'reviewVersion',
  'asRecorded',
] as const satisfies readonly (keyof WebhookFlags)[];

function optionOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** An address in the URL is never looked up, so the lookup does not check it. */
function requireLoopback({ hostname }: URL): void {
  const address = hostname.replaceAll(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && addressKind(address) !== 'loopback') throw new UserError(`--to: ${notLoopback(address)}`);
}

export function notLoopback(address: string): string {
  return `${address} is not an address of this machine; the reviews contain objects of your cluster, so add --allow-remote if it may get them`;
}

/** The URL of an endpoint, as an API server calls it. */
export function endpointUrl({ url, endpoint, timeoutMs }: WebhookTarget, wanted: RecordedEndpoint): URL {
  const full = new URL(endpoint === undefined ? `/${wanted}` : url.href, url);
  full.searchParams.set('timeout', `${timeoutMs / 1000}s`);
  return full;
}

/** Without the query. */
export function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname === '/' ? '' : pathname}`;
}
