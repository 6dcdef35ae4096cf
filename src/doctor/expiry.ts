/** When a certificate is due for renewal. */
import type { X509Certificate } from 'node:crypto';

const DAY_MS = 24 * 60 * 60 * 1000;
const MARGIN_DAYS = 14;
/** Of the lifetime, for certificates that live only for days or hours. */
const MARGIN_PART = 0.2;

/** Reports whether a certificate has expired, or expires within 14 days or the last fifth of its lifetime. */
export function isExpiring({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  const end = validToDate.getTime();
  const margin = Math.min(MARGIN_DAYS * DAY_MS, MARGIN_PART * (end - validFromDate.getTime()));
  return end - now < margin;
}
