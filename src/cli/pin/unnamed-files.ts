/** Images of builds in files that the user did not name. */
import { quoteValue } from '../../image/quote.ts';
import { type PinErrorRow, pinRow, type PinRow } from '../../report/pin.ts';
import type { KustomizeFiles } from './kustomize-index.ts';

interface Mode {
  /** Whether the command only reports missing digests. */
  readonly check?: boolean | undefined;
}

/** A build is pinned only if all of its images are, in every file. */
export function unnamedRows({ unnamed }: KustomizeFiles, { check }: Mode): readonly PinRow[] {
  return unnamed
    .filter(({ decision }) => check || decision.state === 'failed')
    .map(({ file, location, decision }) => pinRow(file, location, decision));
}

export function unnamedNotices({ unnamed }: KustomizeFiles, { check }: Mode): readonly PinErrorRow[] {
  return unnamed
    .filter(({ decision }) => !check && decision.state === 'unpinned')
    .map(({ file, location, runBy = '' }) => {
      const message = `it runs image ${quoteValue(location.image)}, which has no digest, from ${file}; also pass this file`;
      return { file: runBy, line: null, column: null, message };
    });
}
