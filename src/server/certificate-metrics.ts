/** Metrics of the serving certificate. */
import type { X509Certificate } from 'node:crypto';
import { Gauge, type Registry } from '@prometheus-io/client';
import { shownFingerprint } from '../certificate/certificate.ts';

export interface CertificateMetrics {
  /** Sets the certificate that new connections get. */
  setServed(certificate: Pick<X509Certificate, 'fingerprint256' | 'validToDate'>): void;
  /** Sets whether the newest certificate is in use; otherwise an earlier one stays. */
  setReloaded(isInUse: boolean): void;
  /** Sets the CAs of tlsMode self, by the first digits of their fingerprints. */
  setAuthorities(expiries: ReadonlyMap<string, Date>): void;
  /** Sets whether caBundle in all webhook configurations contains the CA of the certificate (tlsMode self). */
  setTrusted(isTrusted: boolean): void;
}

export function createCertificateMetrics(registers: Registry[]): CertificateMetrics {
  const served = new Gauge({
    name: 'tidewaiter_certificate_info',
    help: 'Always 1; the label is the SHA-256 fingerprint of the serving certificate.',
    labelNames: ['fingerprint'],
    registers,
  });
  const expiry = new Gauge({
    name: 'tidewaiter_certificate_expiry_timestamp_seconds',
    help: 'Expiry time of the serving certificate, in seconds since 1970.',
    registers,
  });
  const reloaded = new Gauge({
    name: 'tidewaiter_certificate_last_reload_successful',
    help: '1: the newest certificate is in use. 0: it cannot be used, and an earlier one stays.',
    registers,
  });
  reloaded.set(1);
  const authorities = new Gauge({
    name: 'tidewaiter_ca_expiry_timestamp_seconds',
    help: 'Expiry time of each CA in caBundle (tlsMode self), in seconds since 1970; by the first digits of its SHA-256 fingerprint.',
    labelNames: ['ca'],
    registers,
  });
  const untrusted = new Gauge({
    name: 'tidewaiter_certificate_untrusted',
    help: '1: caBundle in a webhook configuration does not contain the CA of the serving certificate (tlsMode self).',
    registers,
  });
  return {
    setServed(certificate) {
      served.reset();
      served.set({ fingerprint: shownFingerprint(certificate) }, 1);
      expiry.set(certificate.validToDate.getTime() / 1000);
    },
    setReloaded: (isInUse) => reloaded.set(isInUse ? 1 : 0),
    setAuthorities(expiries) {
      authorities.reset();
      for (const [ca, date] of expiries) authorities.set({ ca }, date.getTime() / 1000);
    },
    setTrusted: (isTrusted) => untrusted.set(isTrusted ? 0 : 1),
  };
}
