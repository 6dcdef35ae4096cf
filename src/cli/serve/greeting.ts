/** The commands to try, which `serve` prints at a terminal. */
import { existsSync } from 'node:fs';
import type { Policy } from '../../policy/policy.ts';
import type { ServingCertificate } from '../../certificate/generated-certificate.ts';
import { VERSION } from '../../version.ts';
import type { Terminal } from '../terminal.ts';

/** A review from a real API server, in a checkout of tidewaiter. */
const EXAMPLE = 'test/recordings/pod-latest.json';
const MINIMAL_REVIEW = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: '1',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    namespace: 'shop',
    operation: 'CREATE',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web' },
      spec: { containers: [{ name: 'web', image: 'nginx' }] },
    },
  },
});

export interface Greeting {
  readonly address: string;
  readonly certificate: ServingCertificate;
  readonly policySource: string;
  readonly policies: readonly Policy[];
}

/** Prints only at a terminal, or if the certificate is a generated one. */
export function greet(terminal: Terminal, { address, certificate, policySource, policies }: Greeting): void {
  const { ca, from, notAfter } = certificate;
  if (!terminal.isTerminal && ca === undefined) return;
  const url = `https://${address.replace(/^(0\.0\.0\.0|\[::\])/, '127.0.0.1')}`;
  const trust = ca === undefined ? '' : ` --cacert ${from.replace(/tls\.crt$/, 'ca.crt')}`;
  const body = existsSync(EXAMPLE) ? `@${EXAMPLE}` : `'${MINIMAL_REVIEW}'`;
  terminal.note(
    `tidewaiter ${VERSION}  ${url}  policy: ${policySource} (${contentsOf(policies)})  certificate: ${from}, valid until ${notAfter.toISOString().slice(0, 10)}
Try it:
  curl${trust} -H 'content-type: application/json' -d ${body} ${url}/validate
  tidewaiter check FILE|DIR
  to install it in a cluster, see README.md, "Install in a cluster"
`,
  );
}

/** `6 rules`, `6 rules, 1 pin`, `6 rules, 2 rewrites, 1 pin` */
function contentsOf(policies: readonly Policy[]): string {
  const rules = policies.reduce((count, { bindings }) => count + bindings.length, 0);
  const rewrites = policies.reduce((count, { rewrites: own = [] }) => count + own.length, 0);
  const pins = policies.filter(({ pin }) => pin !== undefined).length;
  return [`${rules} rules`, ...counted(rewrites, 'rewrite'), ...counted(pins, 'pin')].join(', ');
}

function counted(count: number, noun: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? noun : `${noun}s`}`];
}
