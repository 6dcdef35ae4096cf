/**
 * Logs notices about loaded files, such as policies that never apply and exceptions that expire, and about credentials that every
 * client can use; they do not stop the server.
 */
import { type LoadedPolicies, noticesAt, type PlacedNotice } from '../../files/policies.ts';
import { lostNotices } from '../../recording/lost-notices.ts';
import type { RecordingSettings } from '../../recording/settings.ts';
import type { ServerLog } from '../../server/log.ts';

export interface Notices {
  /** Logs the notices that the files before did not have. */
  log(policies: LoadedPolicies, credentials: Credentials): void;
}

export interface Credentials {
  readonly ofNodes: boolean;
  /** Pull secrets of the cluster. */
  readonly ofCluster: boolean;
  /** The server accepts only clients with a certificate of `clientCa`. */
  readonly areGuarded: boolean;
}

/** `recording`: undefined if reviews are not recorded. */
export function createNotices(log: ServerLog, recording?: Pick<RecordingSettings, 'redact'>): Notices {
  let before: ReadonlySet<string> = new Set();
  return {
    log(policies, credentials) {
      const lost = recording === undefined ? [] : lostLines(policies, recording);
      const lines = [...openCredentials(credentials), ...linesOf(policies), ...lost];
      for (const { fields, message } of lines) {
        if (!before.has(keyOf({ fields, message }))) log.warn(fields, message);
      }
      before = new Set(lines.map(keyOf));
    },
  };
}

interface Line {
  readonly fields: object;
  readonly message: string;
}

function keyOf({ fields, message }: Line): string {
  return JSON.stringify([fields, message]);
}

function lostLines(
  { policies, placed }: LoadedPolicies,
  { redact }: Pick<RecordingSettings, 'redact'>,
): readonly Line[] {
  return lostNotices(policies, redact).map(placed).map(placedLine);
}

function placedLine({ kind, name, file, line, column, message }: PlacedNotice): Line {
  return { fields: { kind, name, place: `${file}:${line}:${column}` }, message };
}

function linesOf(policies: LoadedPolicies): readonly Line[] {
  return [
    ...noticesAt(policies, Date.now()).map(placedLine),
    ...policies.inputNotices.map(({ file, line, column, message }) => ({
      fields: { place: line === null ? file : `${file}:${line}:${column ?? 1}` },
      message,
    })),
  ];
}

const REMEDY =
  'because clientCa is not set; set clientCa and clientNames, or use a NetworkPolicy to allow only API servers (SECURITY.md)';
/** Any client that reaches the port can then find out whether a private image exists, and its digest. */
const OPEN_NODES = `nodeCredentials are used for every client that reaches the port, ${REMEDY}`;
const OPEN_CLUSTER = `every client that reaches the port can find out which pull secrets a namespace has, and use them for lookups, ${REMEDY}`;

function openCredentials({ ofNodes, ofCluster, areGuarded }: Credentials): readonly Line[] {
  if (areGuarded) return [];
  const messages = [...(ofNodes ? [OPEN_NODES] : []), ...(ofCluster ? [OPEN_CLUSTER] : [])];
  return messages.map((message) => ({ fields: {}, message }));
}
