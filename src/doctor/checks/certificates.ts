import type { X509Certificate } from 'node:crypto';
import { day } from '../../certificate/certificate.ts';
import { quoteValue } from '../../image/quote.ts';
import { certificatesIn, textOf } from '../chains.ts';
import { defineCheck, type Problem } from '../check.ts';
import { isExpiring } from '../expiry.ts';
import { NAME, TLS_SECRET } from '../../install/options.ts';
import { accountOf } from '../server-values.ts';
import { webhookLabel } from '../matching.ts';
import type { ServedChain, Webhook } from '../values.ts';

const RENEW = 'renew the certificate, or let cert-manager or tidewaiter do it; see docs/install.md';
const SET_BUNDLE = 'set caBundle of the webhook to the CA that signed the serving certificate (PEM in base64)';

export const certificateSecret = defineCheck({
  id: 'certificate-secret',
  title: 'whether the certificate in the Secret can be read',
  why: 'Running servers keep the certificate that they have loaded. A server that starts again cannot load it, so no review takes place.',
  needs: ['unreadableSecrets', 'deployment', 'namespace'],
  // Without the Deployment, which is another problem, no server reads the Secret.
  find: ({ unreadableSecrets, deployment, namespace }) =>
    (deployment === undefined ? [] : unreadableSecrets).map(({ from, problem, isOfCertManager }) => ({
      subject: from,
      message: problem,
      remedy: secretRemedy(namespace, {
        isOfServer: accountOf(deployment, namespace).managesCertificate,
        isOfCertManager,
      }),
    })),
});

function secretRemedy(
  namespace: string,
  { isOfServer, isOfCertManager }: { readonly isOfServer: boolean; readonly isOfCertManager: boolean | undefined },
): string {
  const secret = `secret ${TLS_SECRET} -n ${namespace}`;
  if (isOfServer) return `kubectl rollout restart deployment/${NAME} -n ${namespace}; the servers generate it again`;
  if (isOfCertManager) return `kubectl delete ${secret}; cert-manager issues it again`;
  const pair = '--cert=tls.crt --key=tls.key --dry-run=client -o yaml | kubectl apply -f -';
  const create = `kubectl create secret tls ${TLS_SECRET} -n ${namespace} ${pair}`;
  if (isOfCertManager === false) return create;
  return `${create}; with cert-manager: kubectl describe certificate ${NAME} -n ${namespace}`;
}

export const caBundle = defineCheck({
  id: 'ca-bundle',
  title: 'whether the CA in the webhook configurations signed the serving certificate',
  why: 'The API server rejects the connection to the server, so no review takes place.',
  needs: ['chains'],
  find: ({ chains }) =>
    chains.flatMap((chain) =>
      chain.webhooks.flatMap((webhook) => {
        const message = bundleProblem(webhook, chain);
        return message === undefined ? [] : [{ subject: webhookLabel(webhook), message, remedy: SET_BUNDLE }];
      }),
    ),
});

function bundleProblem({ clientConfig }: Webhook, { from, certificates }: ServedChain): string | undefined {
  const { caBundle: bundle = '' } = clientConfig;
  if (bundle === '') return 'there is no caBundle, so the API server trusts only the CAs of its machine';
  const authorities = certificatesIn(textOf(bundle));
  if (authorities === undefined || authorities.length === 0)
    return 'caBundle contains no PEM certificate, so every review fails';
  return isTrusted(certificates, authorities)
    ? undefined
    : `no CA in caBundle signed the certificate of ${from} (issuer ${oneLine(certificates[0].issuer)})`;
}

function oneLine(name: string): string {
  return quoteValue(name.replaceAll('\n', ', '));
}

/** Reports whether an authority is in the chain, or signed a certificate of it. */
function isTrusted(chain: readonly X509Certificate[], authorities: readonly X509Certificate[]): boolean {
  let [current] = chain;
  for (let depth = 0; current !== undefined && depth <= chain.length; depth++) {
    const certificate = current;
    const isAnchor = ({ fingerprint256 }: X509Certificate): boolean => fingerprint256 === certificate.fingerprint256;
    if (authorities.some((authority) => isAnchor(authority) || issued(authority, certificate))) return true;
    current = chain.find((other) => !isAnchor(other) && issued(other, certificate));
  }
  return false;
}

function issued(authority: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

export const certificateNames = defineCheck({
  id: 'certificate-names',
  title: 'the names of the serving certificate',
  why: 'The API server compares the name of the Service with the subject alternative names, and ignores the common name.',
  needs: ['chains'],
  find: ({ chains }) =>
    chains.flatMap(({ from, certificates: [leaf], webhooks }) => {
      const names = new Set(webhooks.map(hostOf));
      const missing = [...names].filter((name) => !hasName(leaf, name));
      if (missing.length === 0) return [];
      const found = leaf.subjectAltName ?? 'no subject alternative names';
      const message = `the certificate is not valid for ${missing.join(', ')} (found ${oneLine(found)})`;
      return [{ subject: from, message, remedy: `issue a certificate with DNS:${missing[0]}` }];
    }),
});

function hostOf({ clientConfig: { service, url = 'https://invalid' } }: Webhook): string {
  if (service !== undefined) return `${service.name}.${service.namespace}.svc`;
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}

function hasName(certificate: X509Certificate, name: string): boolean {
  const isAddress = /^[\d.]+$|:/.test(name);
  if (isAddress) return certificate.checkIP(name) !== undefined;
  return certificate.checkHost(name, { subject: 'never' }) !== undefined;
}

export const certificateExpiry = defineCheck({
  id: 'certificate-expiry',
  title: 'the expiry of the serving certificate and its CAs',
  why: 'After the expiry, the API server rejects the connection to the server, so no review takes place.',
  needs: ['chains', 'now'],
  find: ({ chains, now }) =>
    chains.flatMap(({ from, certificates, webhooks }) => [
      ...expiring(from, 'the certificate', certificates, now),
      ...webhooks.flatMap((webhook) => {
        const authorities = certificatesIn(textOf(webhook.clientConfig.caBundle ?? '')) ?? [];
        // During a rotation, caBundle also contains the previous CA.
        const current = authorities.filter((authority) => isTrusted(certificates, [authority]));
        return expiring(webhookLabel(webhook), 'the CA in caBundle', current, now);
      }),
    ]),
});

function expiring(
  subject: string,
  what: string,
  certificates: readonly X509Certificate[],
  now: number,
): readonly Problem[] {
  return certificates
    .filter((certificate) => isExpiring(certificate, now))
    .map(({ validToDate }) => {
      const verb = validToDate.getTime() <= now ? 'expired' : 'expires';
      return { subject, message: `${what} ${verb} on ${day(validToDate)}`, remedy: RENEW };
    });
}

/** Clocks of nodes differ a little. */
const TOLERANCE_MS = 30_000;

export const clock = defineCheck({
  id: 'clock',
  title: 'the clocks of this machine and of the API server',
  why: 'A certificate that is not valid yet for the API server is rejected; exceptions and certificates expire at the wrong time.',
  needs: ['time', 'chains'],
  find({ time: { server, before, after }, chains }) {
    // The time of the API server is rounded down to a second.
    const ahead = Math.max(before - (server + 1000), server - after, 0);
    const skew =
      ahead <= TOLERANCE_MS
        ? []
        : [
            {
              subject: 'API server',
              message: `its clock and the clock of this machine differ by ${Math.round(ahead / 1000)} s`,
              remedy: 'synchronize the clocks, for example with chrony: chronyc tracking',
            },
          ];
    const early = chains.flatMap(({ from, certificates }) =>
      certificates
        .filter(({ validFromDate }) => validFromDate.getTime() > server + 1000)
        .map(({ validFromDate }) => ({
          subject: from,
          message: `for the API server, the certificate is not valid before ${validFromDate.toISOString()}`,
          remedy: 'synchronize the clocks, or issue the certificate again',
        })),
    );
    return [...skew, ...early];
  },
});
