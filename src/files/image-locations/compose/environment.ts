/** The `.env` file of a Compose file. The environment of the process is not read: results would depend on the machine. */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { quoteValue } from '../../../image/quote.ts';
import { loadText, MISSING, reasonOf, type TextOrProblem } from '../../load-text.ts';
import type { DocumentContext } from '../document-context.ts';
import { parseEnvFile } from './env-file.ts';
import { NO_VALUES, UNKNOWN, type Values } from './variables.ts';

/** A Compose file with the variables of its directory. */
export interface ComposeContext extends DocumentContext {
  readonly environment: Environment;
}

export interface Environment {
  /** The path of the `.env` file, for messages. */
  readonly file: string;
  readonly values: Values;
  /** Why the file cannot be read; all variables are then unknown. */
  readonly problem?: string;
}

export const ENV_FILE = '.env';
const MAX_MEBIBYTES = 1;

/** Standard input is in no directory. */
export function environmentOf(composeFile: string): Environment {
  const file = envFileOf(composeFile);
  return composeFile === 'stdin' ? { file, values: NO_VALUES } : environmentIn(file, loadEnvFile(file));
}

export function envFileOf(composeFile: string): string {
  return path.join(path.dirname(composeFile), ENV_FILE);
}

/** undefined: there is no file. */
export function environmentIn(file: string, loaded: TextOrProblem | undefined): Environment {
  if (loaded === undefined) return { file, values: NO_VALUES };
  if ('problem' in loaded) return { file, values: NO_VALUES, problem: loaded.problem };
  if (loaded.utf16) return { file, values: NO_VALUES, problem: 'the file is UTF-16' };
  const parsed = parseEnvFile(loaded.text);
  return parsed.ok ? { file, values: parsed.values } : { file, values: NO_VALUES, problem: parsed.problem };
}

/** A link could lead to secrets of the user, and images would show them. */
function loadEnvFile(file: string): TextOrProblem | undefined {
  try {
    const stats = lstatSync(file);
    if (stats.isSymbolicLink()) return { problem: 'it is a symbolic link, which is not followed' };
    return stats.isFile() ? loadText(file, MAX_MEBIBYTES) : undefined;
  } catch (error) {
    const problem = reasonOf(error);
    return problem === MISSING ? undefined : { problem };
  }
}

/** Only whether a variable is set and empty: outside of images, no value can reach a message. */
export function withoutValues({ values, ...environment }: Environment): Environment {
  return {
    ...environment,
    values: new Map([...values].map(([name, value]) => [name, value === '' ? '' : UNKNOWN])),
  };
}

/** Why an image is not known. Without the path, so that images of several directories share a notice. */
export function unknownVariable({ file, problem }: Environment): string {
  return problem === undefined
    ? 'it contains a variable that has no default and no value in ".env" beside the file; add the value there'
    : `it contains a variable, and ${quoteValue(file, 256)} cannot be read: ${problem}`;
}
