/** Where a report comes from: the command, the policies, and the address of the files. */
import { maskPassword } from '../image/password.ts';
import { CUT, shellWord } from '../image/quote.ts';
import type { LoadedPolicies } from '../files/policies.ts';
import { bindingPlaces } from '../report/html/binding-places.ts';
import type { ReportOrigin } from '../report/html/report-data.ts';
import { NAME } from '../report/command-lines.ts';
import type { Terminal } from './terminal.ts';

interface Origin {
  readonly terminal: Pick<Terminal, 'name' | 'words'>;
  /** The policies that decide. */
  readonly policies: LoadedPolicies;
  readonly isBuiltIn: boolean;
  readonly linkBase?: string | undefined;
}

export function reportOrigin({ terminal, policies, isBuiltIn, linkBase }: Origin): ReportOrigin {
  return {
    command: commandLine(terminal),
    // The file of the built-in policy is part of the program.
    policyPlaces: isBuiltIn ? {} : bindingPlaces(policies),
    linkBase: linkBase ?? null,
  };
}

const MAX_COMMAND = 1000;

export function commandLine({ name = NAME, words = [] }: Pick<Terminal, 'name' | 'words'>): string | null {
  if (words.length === 0) return null;
  const line = [name, ...words.map((word, index) => shellWord(maskPassword(shownWord(word, words[index - 1]))))].join(
    ' ',
  );
  return line.length > MAX_COMMAND ? `${line.slice(0, MAX_COMMAND)}${CUT}` : line;
}

/** Values for charts can be passwords. */
function shownWord(word: string, before: string | undefined): string {
  const value = before === SET ? word : word.startsWith(`${SET}=`) ? word.slice(SET.length + 1) : undefined;
  if (value === undefined) return word;
  return `${word.slice(0, word.length - value.length)}${value.replace(/=.*$/s, `=${CUT}`)}`;
}

const SET = '--helm-set';
