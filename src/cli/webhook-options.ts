/** The options of `replay --to`. */
import { InvalidArgumentError, Option } from 'commander';
import { REVIEW_VERSIONS } from '../admission/review.ts';
import { parseDurationMs } from '../go/duration.ts';
import { ENDPOINTS } from '../recording/format.ts';
import { WEBHOOK_DEFAULTS } from './replay/webhook/defaults.ts';

export const webhookOptions = (): readonly Option[] => [
  new Option(
    '--to <URL>',
    'Send the reviews to a webhook, and compare its answers with the recording, or with --policy',
  ).conflicts(['against', 'compareAnnotations', 'jobs', 'merge']),
  new Option('--endpoint <NAME>', 'Which webhook it is, if the URL has a path (default: validate)').choices(ENDPOINTS),
  new Option('--allow-remote', 'Send the reviews also to other machines than this one'),
  new Option('--ca <FILE>', 'CA of its certificate, PEM (default: the CAs of this machine)'),
  new Option('--client-cert <FILE>', 'Certificate to show to it, as an API server does, PEM'),
  new Option('--client-key <FILE>', 'Private key of --client-cert, PEM'),
  new Option('--insecure-skip-tls-verify', 'Do not check its certificate'),
  new Option('--tls-server-name <NAME>', 'Name in its certificate, if it is not that of the URL'),
  new Option('--rate <N>', `Reviews per second (default: ${WEBHOOK_DEFAULTS.perSecond})`).argParser(numberUpTo(10_000)),
  new Option('--connections <N>', `Reviews at the same time (default: ${WEBHOOK_DEFAULTS.connections})`).argParser(
    numberUpTo(100),
  ),
  new Option(
    '--timeout <DURATION>',
    `Time limit of each review (default: ${WEBHOOK_DEFAULTS.timeoutMs / 1000}s)`,
  ).argParser(timeoutOf),
  new Option('--review-version <VERSION>', 'Version of the AdmissionReviews (default: as recorded)').choices(
    REVIEW_VERSIONS.map((version) => version.slice(version.indexOf('/') + 1)),
  ),
  new Option('--as-recorded', 'Send dryRun as recorded; by default, all reviews are dry runs'),
];

function numberUpTo(max: number): (value: string) => number {
  return (value) => {
    if (/^[1-9]\d{0,5}$/.test(value) && Number(value) <= max) return Number(value);
    throw new InvalidArgumentError(`expected a number from 1 to ${max}`);
  };
}

/** The bounds of `timeoutSeconds` in webhook configurations. */
function timeoutOf(value: string): number {
  const ms = parseDurationMs(value);
  if (ms !== undefined && ms >= 1000 && ms <= 30_000) return ms;
  throw new InvalidArgumentError('expected a duration from 1s to 30s');
}
