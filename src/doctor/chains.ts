/** The certificates that the servers of the webhooks present, and the CAs that the API server trusts for them. */
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { quoteValue } from '../image/quote.ts';
import { TLS_SECRET } from '../install/options.ts';
import { type Known, known, unknown } from './known.ts';
import { ours } from './matching.ts';
import { asSecret } from './objects.ts';
import type { Reader } from './reader.ts';
import type { ServedChain, Webhook } from './values.ts';
import { pemCertificates } from '../go/pem.ts';

/** Webhooks with a Service get the certificate of the Secret, without its key; other webhooks are contacted by their URL. */
export async function readChains(
  reader: Reader,
  webhooks: readonly Webhook[],
  namespace: string,
): Promise<Known<readonly ServedChain[]>> {
  const groups = Map.groupBy(ours(webhooks), ({ clientConfig: { url } }) =>
    url === undefined ? '' : new URL(url).origin,
  );
  const chains: ServedChain[] = [];
  for (const [origin, group] of groups) {
    const chain = origin === '' ? await secretChain(reader, namespace) : await urlChain(origin);
    if (chain.state === 'unknown') return chain;
    chains.push({ ...chain.value, webhooks: group });
  }
  return known(chains);
}

type Chain = Pick<ServedChain, 'from' | 'certificates'>;

async function secretChain(reader: Reader, namespace: string): Promise<Known<Chain>> {
  const secret = await reader.get({ version: 'v1', resource: 'secrets', namespace }, TLS_SECRET, asSecret);
  if (secret.state === 'unknown') return secret;
  const from = `Secret ${namespace}/${TLS_SECRET}`;
  if (secret.value === undefined) return unknown(`${from} does not exist`);
  const certificates = certificatesIn(textOf(secret.value.data?.['tls.crt'] ?? ''));
  const [leaf, ...rest] = certificates ?? [];
  if (leaf === undefined) return unknown(`tls.crt in ${from} contains no readable certificate`);
  return known({ from, certificates: [leaf, ...rest] });
}

export function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

/** undefined: a certificate is damaged. */
export function certificatesIn(pem: string): readonly X509Certificate[] | undefined {
  const blocks = pemCertificates(pem);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
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
          : known({ from: origin, certificates: chainFrom(leaf) }),
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
