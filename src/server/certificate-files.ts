/**
 * Follows the files of a configured certificate: a pair that fits, and that is valid for the same server, replaces the current one;
 * otherwise the current one stays.
 */
import { X509Certificate } from 'node:crypto';
import { day, invalidAt, type ServingCertificate } from '../certificate/certificate.ts';
import { type CertificateFiles, loadCertificate } from '../certificate/configured-certificate.ts';
import { lostNames } from '../certificate/host-names.ts';
import { UserError } from '../error/user-error.ts';
import { type ChangeTimes, onFileChange } from '../files/file-changes.ts';
import { quoteValue } from '../image/quote.ts';

export interface CertificateFollower {
  /** Applies a new pair; throws if it cannot be applied. */
  readonly use: (next: ServingCertificate) => void;
  /** Receives why the files are not used, once per reason, and undefined when they are used again. */
  readonly onProblem: (problem: string | undefined) => void;
  readonly now?: () => Date;
  readonly times?: FollowTimes;
}

export interface FollowTimes extends ChangeTimes {
  /** Certificate and key are two files: how long a pair can be incomplete before it is a problem. */
  readonly settleMs: number;
}

const TIMES: FollowTimes = { quietMs: 100, pollMs: 10_000, settleMs: 2000 };

/** The result ends it. */
export function followCertificateFiles(
  files: CertificateFiles,
  first: Pick<ServingCertificate, 'cert' | 'key'>,
  { use, onProblem, now = () => new Date(), times = TIMES }: CertificateFollower,
): () => void {
  let current = first;
  let reported: string | undefined;
  let badSince: number | undefined;
  let settle: NodeJS.Timeout | undefined;
  const good = (): void => {
    badSince = undefined;
    if (reported !== undefined) onProblem((reported = undefined));
  };
  const bad = (problem: string): void => {
    badSince ??= performance.now();
    const leftMs = badSince + times.settleMs - performance.now();
    if (leftMs > 0) {
      clearTimeout(settle);
      settle = setTimeout(check, leftMs + 1).unref();
    } else if (problem !== reported) onProblem((reported = problem));
  };
  const load = async (): Promise<void> => {
    try {
      const next = await loadCertificate(files, now());
      if (next.cert !== current.cert || next.key !== current.key) {
        requireNames(current, next, now());
        use(next);
        current = next;
      }
      good();
    } catch (error) {
      bad(error instanceof UserError ? error.message : String(error));
    }
  };
  const check = oneAtATime(load);
  const stop = onFileChange([files.cert, files.key], check, times);
  return () => {
    clearTimeout(settle);
    stop();
  };
}

/**
 * A certificate without the names of the one in use would fail every review, so it is used only when that one has expired. Throws
 * UserError.
 */
function requireNames(current: Pick<ServingCertificate, 'cert'>, next: ServingCertificate, now: Date): void {
  const inUse = new X509Certificate(current.cert);
  if (invalidAt(inUse, now) !== undefined) return;
  const names = lostNames(inUse, new X509Certificate(next.cert));
  if (names === undefined) return;
  throw new UserError(
    `certificate ${quoteValue(next.from)}: it is not valid for ${names}, for which the certificate in use is valid until ${day(inUse.validToDate)}; issue it with these names, or restart the server to use it now`,
  );
}

/** Calls during a run cause one more run. */
function oneAtATime(run: () => Promise<void>): () => void {
  let isRunning = false;
  let isRequested = false;
  const start = async (): Promise<void> => {
    isRunning = true;
    do {
      isRequested = false;
      await run();
    } while (isRequested);
    isRunning = false;
  };
  return () => {
    isRequested = true;
    if (!isRunning) void start();
  };
}
