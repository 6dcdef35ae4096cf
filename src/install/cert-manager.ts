/** A CA for this server only, and its certificate, by cert-manager. */
import { inNamespace, type InstallOptions, NAME, TLS_SECRET } from './options.ts';
import { commented, type TreeObject } from './yaml.ts';

const CA = 'tidewaiter-ca';
const SELF_SIGNED = 'tidewaiter-self-signed';

export function certManagerObjects(options: InstallOptions): readonly TreeObject[] {
  const { namespace } = options;
  const object = (kind: string, name: string, spec: TreeObject): TreeObject => {
    return { apiVersion: 'cert-manager.io/v1', kind, metadata: inNamespace(options, name), spec };
  };
  return [
    object('Issuer', SELF_SIGNED, { selfSigned: {} }),
    object('Certificate', CA, {
      secretName: CA,
      isCA: true,
      commonName: 'tidewaiter CA',
      duration: '87600h',
      privateKey: { algorithm: 'ECDSA', size: 256 },
      issuerRef: { kind: 'Issuer', name: SELF_SIGNED },
    }),
    object('Issuer', CA, { ca: { secretName: CA } }),
    object('Certificate', NAME, {
      secretName: TLS_SECRET,
      dnsNames: [`${NAME}.${namespace}.svc`, `${NAME}.${namespace}.svc.cluster.local`],
      duration: commented(
        'Half a year between renewal and expiry leaves time for a restart: a rollout, a drained node, or kubectl rollout restart.',
        '8760h',
      ),
      renewBefore: '4380h',
      usages: ['server auth', 'digital signature'],
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
      issuerRef: { kind: 'Issuer', name: CA },
    }),
  ];
}
