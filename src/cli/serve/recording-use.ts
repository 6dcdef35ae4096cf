/** Opens the recording of a server. */
import { statSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { UserError } from '../../error/user-error.ts';
import { createDirectory } from '../../files/create-directory.ts';
import { reasonOf } from '../../files/load-text.ts';
import { quoteValue } from '../../image/quote.ts';
import type { Recorder, RecorderServices } from '../../server/recording/recorder.ts';
import { VERSION } from '../../version.ts';

/** Returns undefined if nothing is recorded. A directory that cannot be written is no error: reviews go on without a recording. */
export async function openRecorder(
  { recording, originOf }: Pick<Config, 'recording' | 'originOf'>,
  { log, metrics }: Pick<RecorderServices, 'metrics'> & { readonly log: RecorderServices['log'] },
): Promise<Recorder | undefined> {
  if (recording === undefined) return undefined;
  const { directory } = recording;
  const problem = directoryProblem(directory);
  if (problem === NOT_A_DIRECTORY) throw new UserError(`${quoteValue(directory)}${originOf(directory)}: ${problem}`);
  if (problem !== undefined) log.error({ directory }, `reviews cannot be recorded: ${problem}`);
  const { createRecorder } = await import('../../server/recording/recorder.ts');
  return createRecorder(recording, { version: VERSION, log, metrics });
}

const NOT_A_DIRECTORY = 'expected a directory for recordings, found a file';
/** Recordings show what runs in a cluster. */
const OWNER_ONLY = 0o700;

function directoryProblem(directory: string): string | undefined {
  try {
    const stats = statSync(directory, { throwIfNoEntry: false });
    if (stats !== undefined && !stats.isDirectory()) return NOT_A_DIRECTORY;
    createDirectory(directory, OWNER_ONLY);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}
