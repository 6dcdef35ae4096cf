/** The certificate that `replay --to` shows to a webhook, as an API server does. */
import { requirePair } from '../../../certificate/configured-certificate.ts';
import { invalidAt } from '../../../certificate/certificate.ts';
import { UserError } from '../../../error/user-error.ts';
import { loadText } from '../../../files/load-text.ts';
import { quoteValue } from '../../../image/quote.ts';

export interface ClientCertificate {
  /** PEM. */
  readonly cert: string;
  /** PEM; in no message. */
  readonly key: string;
}

/** Paths of PEM files. Throws a UserError for a pair that no webhook accepts. */
export function loadClientCertificate(
  certFile: string | undefined,
  keyFile: string | undefined,
): ClientCertificate | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined)
    throw new UserError(
      `--client-cert and --client-key must be set together; ${certFile === undefined ? '--client-cert' : '--client-key'} is missing`,
    );
  const [cert, key] = [textIn(certFile, '--client-cert'), textIn(keyFile, '--client-key')];
  const certName = `certificate ${quoteValue(certFile)} (set by --client-cert)`;
  const keyName = `private key ${quoteValue(keyFile)} (set by --client-key)`;
  const [leaf] = requirePair({ cert, key }, { certName, keyName });
  const problem = invalidAt(leaf, new Date());
  if (problem !== undefined) throw new UserError(`${certName}: it ${problem}`);
  return { cert, key };
}

function textIn(file: string, flag: string): string {
  const loaded = loadText(file);
  if ('text' in loaded) return loaded.text;
  throw new UserError(`${file}: ${loaded.problem} (set by ${flag})`);
}
