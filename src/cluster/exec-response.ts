/** Reads the ExecCredential that a credential plugin writes. Problems never contain its values. */
import { quoteValue } from '../image/quote.ts';
import { isObject, type JsonObject, parsedJsonObject } from '../pod/pointer.ts';
import type { ExecSettings } from './connection.ts';
import { textIn } from './entry.ts';
import type { ExpiringIdentity } from './renewed-identity.ts';
import { UnusableSettings } from './unusable-settings.ts';

export function parseExecCredential(output: string, { command, apiVersion }: ExecSettings): ExpiringIdentity {
  const object = parsedJsonObject(output);
  const problem = object === undefined ? 'no JSON object' : problemIn(object, apiVersion);
  if (object === undefined || problem !== undefined) {
    throw new UnusableSettings(`credential plugin ${quoteValue(command)} returned ${problem}`);
  }
  const status = object['status'] as JsonObject;
  const [token, cert] = [textIn(status, 'token'), textIn(status, 'clientCertificateData')];
  return {
    identity: {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(cert === '' ? {} : { cert, key: textIn(status, 'clientKeyData') }),
    },
    expiresAt: expiryOf(status),
  };
}

function problemIn({ kind, apiVersion, status }: JsonObject, wanted: string): string | undefined {
  if (kind !== 'ExecCredential') return 'an object that is not an ExecCredential';
  if (apiVersion !== wanted) return `an ExecCredential with an apiVersion other than ${wanted}`;
  if (!isObject(status)) return 'an ExecCredential without a status';
  const [cert, key] = [textIn(status, 'clientCertificateData'), textIn(status, 'clientKeyData')];
  if ((cert === '') !== (key === '')) return 'a client certificate without its key, or a key without its certificate';
  if (/[^!-~]/.test(textIn(status, 'token'))) return 'a token with invalid characters';
  if (cert === '' && textIn(status, 'token') === '') return 'neither a token nor a client certificate';
  return Number.isNaN(expiryOf(status)) ? 'an invalid expirationTimestamp' : undefined;
}

function expiryOf(status: JsonObject): number {
  const { expirationTimestamp: time } = status;
  if (time === undefined || time === null) return Number.POSITIVE_INFINITY;
  return typeof time === 'string' && /^\d{4}-\d\d-\d\dT/.test(time) ? Date.parse(time) : Number.NaN;
}
