/** PEM as in Go's encoding/pem, as far as certificates need it. */

/** Returns the blocks of all certificates, with their markers. Their content is not checked. */
export function pemCertificates(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}
