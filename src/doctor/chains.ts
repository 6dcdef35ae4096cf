/** The certificates that the servers of the webhooks present, and the CAs that the API server trusts for them. */
import type { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { parseCertificate, parseCertificates } from '../certificate/certificate.ts';
import { quoteValue } from '../image/quote.ts';
import { TLS_SECRET } from '../install/options.ts';
import { type Known, known, unknown } from './known.ts';
import { ours } from './matching.ts';
import { type ApiObject, asSecret } from './objects.ts';
import type { Reader } from './reader.ts';
import type { ServedChain, UnreadableSecret, Values, Webhook } from './values.ts';
import { pemCertificates } from '../go/pem.ts';

/** Webhooks with a Service get the certificate of the Secret, without its key; other webhooks are contacted by their URL. */
export async function readChains(
  reader: Reader,
  webhooks: readonly Webhook[],
  namespace: string,
): Promise<Known<Pick<Values, 'chains' | 'unreadableSecrets'>>> {
  const groups = Map.groupBy(ours(webhooks), ({ clientConfig: { url } }) =>
    url === undefined ? '' : new URL(url).origin,
  );
  const chains: ServedChain[] = [];
  const unreadableSecrets: UnreadableSecret[] = [];
  for (const [origin, group] of groups) {
    const chain = origin === '' ? await secretChain(reader, namespace) : await urlChain(origin);
    if (chain.state === 'unknown') return chain;
    if ('problem' in chain.value) unreadableSecrets.push(chain.value);
    else chains.push({ ...chain.value, webhooks: group });
  }
  return known({ chains, unreadableSecrets });
}

type Chain = Omit<ServedChain, 'webhooks'>;

async function secretChain(reader: Reader, namespace: string): Promise<Known<Chain | UnreadableSecret>> {
  const secret = await reader.get({ version: 'v1', resource: 'secrets', namespace }, TLS_SECRET, asSecret);
  if (secret.state === 'unknown') return secret;
  const from = `Secret ${namespace}/${TLS_SECRET}`;
  if (secret.value === undefined) return known({ from, problem: 'it does not exist', isOfCertManager: undefined });
  const certificates = parseCertificates(textOf(secret.value.data?.['tls.crt'] ?? ''));
  if (typeof certificates === 'string') {
    const { annotations = {} } = secret.value.metadata;
    return known({ from, problem: `tls.crt: ${certificates}`, isOfCertManager: CERT_MANAGER in annotations });
  }
  return known({ from, certificates, secret: { changedAt: changedAt(secret.value) } });
}

/** cert-manager adds it to the Secrets that it fills in. */
const CERT_MANAGER = 'cert-manager.io/certificate-name';

/** Without managedFields, only the creation of an object is known, which does not tell when it changed. */
function changedAt({ metadata: { managedFields = [] } }: ApiObject): number | undefined {
  const times = managedFields.flatMap(({ time = '' }) => Date.parse(time)).filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : Math.max(...times);
}

export function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

/** Returns undefined if a certificate is damaged. */
export function certificatesIn(pem: string): readonly X509Certificate[] | undefined {
  const certificates = pemCertificates(pem).map(parseCertificate);
  return certificates.every((certificate) => certificate !== undefined) ? certificates : undefined;
}

const TIMEOUT_MS = 5000;

/** The certificate is not verified here, because a check compares it with caBundle. */
async function urlChain(origin: string): Promise<Known<Chain>> {
  const { hostname, port } = new URL(origin);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: Number(port || 443),
      servername: /[a-z]/i.test(host) && !host.includes(':') ? host : '',
      rejectUnauthorized: false,
    });
    const end = (result: Known<Chain>): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(TIMEOUT_MS, () => end(unknown(`${origin} did not respond within ${TIMEOUT_MS / 1000} s`)));
    socket.once('error', (error) => end(unknown(`cannot connect to ${origin}: ${quoteValue(error.message)}`)));
    socket.once('secureConnect', () => {
      const leaf = socket.getPeerX509Certificate();
      end(
        leaf === undefined
          ? unknown(`${origin} presented no certificate`)
          : known({ from: origin, certificates: chainFrom(leaf), secret: undefined }),
      );
    });
  });
}

function chainFrom(leaf: X509Certificate): ServedChain['certificates'] {
  const chain: [X509Certificate, ...X509Certificate[]] = [leaf];
  for (let next = leaf.issuerCertificate; next !== undefined; next = next.issuerCertificate) {
    if (chain.some(({ fingerprint256 }) => fingerprint256 === next?.fingerprint256)) break;
    chain.push(next);
  }
  return chain;
}
