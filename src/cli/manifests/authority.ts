/** The CA of a serving certificate, for webhook configurations. */
import { invalidAt, parseCertificates } from '../../certificate/certificate.ts';
import { UserError } from '../../error/user-error.ts';
import { loadText } from '../../files/load-text.ts';

/** All certificates in the file, as PEM: a caBundle that is not PEM, or has expired, would fail every review. Throws UserError. */
export function loadAuthority(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const loaded = loadText(file);
  if ('problem' in loaded) throw new UserError(`${file}: ${loaded.problem} (set by --ca)`);
  const certificates = parseCertificates(loaded.text);
  if (typeof certificates === 'string') throw new UserError(`${file}: ${certificates} (set by --ca)`);
  const now = new Date();
  const problem = invalidAt(certificates[0], now);
  if (problem !== undefined && certificates.every((each) => invalidAt(each, now) !== undefined))
    throw new UserError(`${file}: no certificate in it is valid: certificate 1 ${problem} (set by --ca)`);
  return certificates.map((certificate) => certificate.toString()).join('');
}
